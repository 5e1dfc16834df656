package io.clocktower.counter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.clocktower.clock.CounterMapping;
import io.clocktower.conformance.Proves;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mapping of a guest's counter, from a directory laid out as KVM's debugfs. */
class CounterSourceTest {

    @TempDir
    private Path kvm;
    @TempDir
    private Path proc;
    private Path namespace;

    @BeforeEach
    void beInTheHostsPidNamespace() throws IOException {
        namespace = proc.resolve("pid");
        Files.createSymbolicLink(namespace, Path.of("pid:[4026531836]"));
    }

    private void vcpu(String machine, int number, String offset, String ratio, String bits) throws IOException {
        Path directory = Files.createDirectories(kvm.resolve(machine).resolve("vcpu" + number));
        Files.writeString(directory.resolve("tsc-offset"), offset + "\n");
        if (ratio != null) {
            Files.writeString(directory.resolve("tsc-scaling-ratio"), ratio + "\n");
            Files.writeString(directory.resolve("tsc-scaling-ratio-frac-bits"), bits + "\n");
        }
    }

    private CounterSource.Found found() {
        return CounterSource.ofKvm(kvm, namespace, 4711);
    }

    @Test
    @Proves("rtc-read-09")
    void theMappingOfAllVirtualCpusIsTheGuests() throws IOException {
        vcpu("4711-12", 0, "-123456789012345", "281474976710656", "48");
        vcpu("4711-12", 1, "-123456789012345", "281474976710656", "48");
        assertEquals(Optional.of(new CounterMapping(-123456789012345L, 1L << 48, 48)), found().mapping());
    }

    @Test
    void aProcessorThatDoesNotScaleHasAnOffsetAlone() throws IOException {
        vcpu("4711-12", 0, "18446744073709551611", null, null);
        assertEquals(Optional.of(CounterMapping.unscaled(-5)), found().mapping());
    }

    @Test
    @Proves("rtc-read-09")
    void virtualCpusThatDifferHaveNoCommonMapping() throws IOException {
        vcpu("4711-12", 0, "-1", "1", "0");
        vcpu("4711-12", 1, "-2", "1", "0");
        assertEquals(new CounterSource.Found(Optional.empty(), "the virtual CPUs' counters differ"), found());
    }

    @Test
    void anotherProcessesMachineIsNotAsked() throws IOException {
        vcpu("47110-12", 0, "-1", "1", "0");
        assertEquals(new CounterSource.Found(Optional.empty(), "process 4711 has no KVM virtual machine"), found());
    }

    /** A container's process 4711 is another one than the host's, by whose numbers KVM names its machines. */
    @Test
    void inAnotherPidNamespaceKvmIsNotAsked() throws IOException {
        vcpu("4711-12", 0, "-5", null, null);
        Files.delete(namespace);
        Files.createSymbolicLink(namespace, Path.of("pid:[4026532281]"));
        assertEquals(Optional.empty(), found().mapping());
        Files.delete(namespace);
        assertEquals(Optional.empty(), found().mapping(), "where it is not known");
    }

    @Test
    void aProcessWithSeveralMachinesIsAmbiguous() throws IOException {
        vcpu("4711-12", 0, "-1", "1", "0");
        vcpu("4711-13", 0, "-1", "1", "0");
        assertEquals(new CounterSource.Found(Optional.empty(), "process 4711 has several KVM virtual machines"),
                found());
    }

    @Test
    void whatKvmShowsThatIsNoNumberIsNotBelieved() throws IOException {
        vcpu("4711-12", 0, "soon", "1", "0");
        assertEquals(Optional.empty(), found().mapping());
        vcpu("4711-12", 0, "1", "0", "0");
        assertEquals(Optional.empty(), found().mapping());
    }

    @Test
    void withoutDebugfsThereIsAReason() {
        Path nowhere = kvm.resolve("nowhere");
        assertEquals(new CounterSource.Found(Optional.empty(), nowhere + " is not readable"),
                CounterSource.ofKvm(nowhere, namespace, 4711));
    }

    @Test
    void whatTheOperatorGaveGoesFirst() {
        var mapping = Optional.of(CounterMapping.unscaled(3));
        assertEquals(new CounterSource.Found(mapping, "given by the operator"),
                CounterSource.given(mapping.orElseThrow()));
    }
}
