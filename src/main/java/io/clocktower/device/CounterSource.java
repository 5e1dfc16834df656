package io.clocktower.device;

import io.clocktower.clock.CounterMapping;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a device learns of the way its guest's counter follows the host's: from its configuration, or from KVM, which
 * shows it to root in debugfs.
 */
final class CounterSource {

    /** Where KVM has a directory {@code PID-FD} for each virtual machine. */
    static final Path KVM = Path.of("/sys/kernel/debug/kvm");

    private static final int MAX_VCPUS = 4096;

    /**
     * @param mapping if it is known
     * @param reason why it is not, or where it comes from
     */
    record Found(Optional<CounterMapping> mapping, String reason) {

        private static Found no(String reason) {
            return new Found(Optional.empty(), reason);
        }
    }

    /** Before there is a driver. */
    static final Found UNASKED = Found.no("no driver is there");

    private CounterSource() {}

    /**
     * The mapping that the operator gave, or else KVM's.
     *
     * @param pid the virtual machine monitor's process
     */
    static Found of(Optional<CounterMapping> given, long pid) {
        return given.isPresent() ? new Found(given, "given by the operator") : ofKvm(KVM, pid);
    }

    /**
     * Asks KVM for the mapping of all virtual CPUs of a process, which must be the same. The files are the kernel's own
     * memory: reading them waits for nothing.
     *
     * @param kvm KVM's directory in debugfs
     * @param pid the virtual machine monitor's process
     */
    static Found ofKvm(Path kvm, long pid) {
        if (!Files.isReadable(kvm)) {
            return Found.no(kvm + " is not readable");
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
        } catch (IOException e) {
            return Found.no("KVM's debugfs cannot be read: " + e.getMessage());
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
        return common == null ? Found.no("KVM shows no virtual CPU") : new Found(Optional.of(common), "KVM's debugfs");
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
