package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.clocktower.spec.Durations;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Waits until a guest has seen what an operator changed. */
@Command(description = {"Wait until a VM is connected, or until its guest has read its faults.",
        "clocktower wait vm0 --read --timeout 30s"}, mixinStandardHelpOptions = true)
final class WaitCommand implements Callable<Integer> {

    private static final long LOOK_EVERY_MS = 200;

    @Mixin
    private Connection connection;
    @Spec
    private CommandSpec spec;
    @Parameters(paramLabel = "DEVICE")
    private String name;
    @Option(names = "--read", description = "Until the guest has read a clock under each active fault")
    private boolean isRead;
    @Option(names = "--fault", paramLabel = "FAULT", description = "Until the guest has read a clock under this fault")
    private String fault;
    @Option(names = "--connected", description = "Until a VM is connected")
    private boolean isConnected;
    @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "60s", converter = DurationConverter.class, description = "Then the exit status is 1. Default: ${DEFAULT-VALUE}")
    private Duration timeout;

    /** Durations as everywhere. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            try {
                return Durations.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        if (!isRead && fault == null && !isConnected) {
            throw new ParameterException(spec.commandLine(), "expected --read, --fault or --connected");
        }
        Api api = connection.api();
        long start = System.nanoTime();
        JsonNode device = api.get(DeviceCommands.device(name));
        while (!isThere(device)) {
            if (System.nanoTime() - start > timeout.toNanos()) {
                throw new CallException("%s: still %s after %s".formatted(name, missing(device),
                        Durations.text(timeout)));
            }
            Thread.sleep(LOOK_EVERY_MS);
            device = api.get(DeviceCommands.device(name));
        }
        return Output.changed(connection, device, (isRead || fault != null
                ? "The guest of %s has read its faults."
                : "A VM is connected to %s.").formatted(name));
    }

    private boolean isThere(JsonNode device) {
        return (!isConnected || isConnected(device)) && (!isRead && fault == null || unread(device).isEmpty());
    }

    private static boolean isConnected(JsonNode device) {
        return List.of("connected", "running").contains(device.path("state").asText());
    }

    private String missing(JsonNode device) {
        return isConnected && !isConnected(device)
                ? "without a VM"
                : "not read: " + String.join(", ", unread(device));
    }

    /** The faults that the guest is still to read. */
    private List<String> unread(JsonNode device) {
        List<JsonNode> wanted = StreamSupport.stream(device.path("faults").spliterator(), false)
                .filter(there -> fault == null
                        ? there.path("state").asText().equals("active")
                        : there.path("id").asText().equals(fault))
                .toList();
        if (wanted.isEmpty()) {
            throw new CallException(fault == null
                    ? "%s has no active fault".formatted(name)
                    : "%s has no fault %s, or no longer".formatted(name, fault));
        }
        return wanted.stream().filter(there -> there.path("reads").asLong() == 0)
                .map(there -> there.path("id").asText()).toList();
    }
}
