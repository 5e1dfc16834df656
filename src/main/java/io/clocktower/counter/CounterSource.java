package io.clocktower.counter;

import io.clocktower.clock.CounterMapping;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the mapping of the host's cycle counter to a guest's is known from: the operator, or KVM, which shows it to root in
 * debugfs. Asking KVM reads files, so it is not for an event loop.
 */
public final class CounterSource {

    /** Where KVM has a directory {@code PID-FD} for each virtual machine. */
    static final Path KVM = Path.of("/sys/kernel/debug/kvm");

    /** A link that names the PID namespace of this process. */
    static final Path PID_NAMESPACE = Path.of("/proc/self/ns/pid");
    /** PROC_PID_INIT_INO: the inode of the host's own PID namespace. */
    private static final String HOST_PID_NAMESPACE = "pid:[4026531836]";

    private static final String OF_KVM = "KVM's debugfs";
    private static final int MAX_VCPUS = 4096;

    /**
     * @param mapping if it is known
     * @param reason why it is not, or where it comes from
     */
    public record Found(Optional<CounterMapping> mapping, String reason) {

        boolean isOfKvm() {
            return reason.equals(OF_KVM);
        }

        static Found no(String reason) {
            return new Found(Optional.empty(), reason);
        }
    }

    /** Before there is a driver. */
    static final Found UNASKED = Found.no("the guest's driver has not started yet");

    private CounterSource() {}

    static Found given(CounterMapping mapping) {
        return new Found(Optional.of(mapping), "given by the operator");
    }

    /**
     * Asks KVM for a process.
     *
     * @param pid the virtual machine monitor's process
     */
    public static Found ofKvm(long pid) {
        return ofKvm(KVM, PID_NAMESPACE, pid);
    }

    /**
     * Asks KVM for the mapping of all virtual CPUs of a process, which must be the same. KVM numbers processes as the host
     * does. In another PID namespace the same number may be another process, so there KVM is not asked.
     *
     * @param kvm KVM's directory in debugfs
     * @param pidNamespace names the PID namespace of this process, in which {@code pid} is
     * @param pid the virtual machine monitor's process
     */
    static Found ofKvm(Path kvm, Path pidNamespace, long pid) {
        if (!Files.isReadable(kvm)) {
            return Found.no(kvm + " is not readable");
        }
        if (!isOfHost(pidNamespace)) {
            return Found.no("cannot ask KVM: Clocktower is not in the host's PID namespace");
        }
        try (DirectoryStream<Path> machines = Files.newDirectoryStream(kvm, pid + "-*")) {
            Found found = Found.no("process " + pid + " has no KVM virtual machine");
            for (Path machine : machines) {
                if (found.mapping().isPresent()) {
                    return Found.no("process " + pid + " has several KVM virtual machines");
                }
                found = ofMachine(machine);
            }
            return found;
        } catch (IOException | DirectoryIteratorException e) {
            return Found.no("KVM's debugfs cannot be read: " + e.getMessage());
        }
    }

    private static boolean isOfHost(Path pidNamespace) {
        try {
            return Files.readSymbolicLink(pidNamespace).toString().equals(HOST_PID_NAMESPACE);
        } catch (IOException e) {
            return false;
        }
    }

    private static Found ofMachine(Path machine) throws IOException {
        CounterMapping common = null;
        for (int vcpu = 0; vcpu < MAX_VCPUS; vcpu++) {
            Path directory = machine.resolve("vcpu" + vcpu);
            if (!Files.isDirectory(directory)) {
                break;
            }
            CounterMapping mapping = ofVcpu(directory);
            if (common != null && !common.equals(mapping)) {
                return Found.no("the virtual CPUs' counters differ");
            }
            common = mapping;
        }
        return common == null ? Found.no("KVM shows no virtual CPU") : new Found(Optional.of(common), OF_KVM);
    }

    private static CounterMapping ofVcpu(Path directory) throws IOException {
        try {
            long offset = number(directory.resolve("tsc-offset"));
            Path ratio = directory.resolve("tsc-scaling-ratio");
            return Files.exists(ratio)
                    ? new CounterMapping(offset, number(ratio),
                            (int) number(directory.resolve("tsc-scaling-ratio-frac-bits")))
                    : CounterMapping.unscaled(offset);
        } catch (IllegalArgumentException e) {
            throw new IOException(directory + ": " + e.getMessage(), e);
        }
    }

    private static long number(Path file) throws IOException {
        String text = Files.readString(file).trim();
        return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
    }
}
