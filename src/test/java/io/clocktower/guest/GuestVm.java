package io.clocktower.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A running guest, and the agent inside it that answers the requests which {@code src/test/vm/agent.c} documents. */
public final class GuestVm implements AutoCloseable {

    /** A boot without hardware virtualization takes some 5 s of an idle processor, and one of Debian some 20 s. */
    private static final Duration BOOT = Duration.ofSeconds(300);
    private static final String DEBIAN = " root=/dev/vda quiet systemd.show_status=0";
    /** Any processor of today has it. Without it chronyd waits a second for the kernel's random numbers. */
    private static final String RANDOM = "qemu64,rdrand=on";
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final Duration EXIT = Duration.ofSeconds(30);
    private static final int TAIL_LINES = 30;
    /** QEMU's arguments for the memory of most guests. */
    private static final List<String> MEMORY = List.of("-machine", "q35,memory-backend=mem", "-object",
            "memory-backend-memfd,id=mem,size=256M,share=on", "-m", "256M");

    private final Process qemu;
    private final AgentPort agent;
    private final Path console;

    private GuestVm(Process qemu, AgentPort agent, Path console) {
        this.qemu = qemu;
        this.agent = agent;
        this.console = console;
    }

    /** A command's exit status, or 128 and the signal's number, and all it wrote. */
    record Output(int status, String text) {}

    /** The guest's answer to a request was an error. */
    static final class RefusedException extends RuntimeException {

        private static final long serialVersionUID = 1;

        RefusedException(String request, String reason) {
            super(request + ": " + reason);
        }
    }

    /** One of QEMU's devices for an RTC that is served elsewhere. */
    public enum Device {

        /** Since QEMU 11.1. */
        RTC("vhost-user-rtc-pci"),
        /** The generic device, which a QEMU before 11.1 has as well. */
        GENERIC("vhost-user-test-device-pci,virtio-id=17,num_vqs=2");

        private final String argument;

        Device(String argument) {
            this.argument = argument;
        }

        /**
         * QEMU's arguments for the device served at that socket.
         *
         * @param properties of the device's, such as {@code packed=on}
         */
        public List<String> at(Path socket, String... properties) {
            var arguments = new StringBuilder(argument).append(",chardev=rtc");
            for (var property : properties) {
                arguments.append(',').append(property);
            }
            return List.of("-chardev", "socket,id=rtc,path=" + escaped(socket), "-device", arguments.toString());
        }
    }

    /**
     * Starts a guest and waits until its agent is ready.
     *
     * @param directory where the guest's console log {@code NAME-console.log} and its agent's socket are made
     */
    public static GuestVm boot(GuestStack stack, Path directory, String name, List<String> devices) {
        return boot(stack, directory, name, MEMORY, devices);
    }

    /**
     * The same with other memory.
     *
     * @param memory QEMU's arguments for the machine and its memory
     */
    static GuestVm boot(GuestStack stack, Path directory, String name, List<String> memory, List<String> devices) {
        return boot(stack, directory, name, "", memory, devices);
    }

    /** The same with Debian and its systemd, whose disk forgets everything when QEMU ends. */
    static GuestVm bootDebian(GuestStack stack, Path directory, String name, List<String> devices) {
        return boot(stack, directory, name, DEBIAN, MEMORY, Stream.concat(devices.stream(), Stream.of("-drive",
                "if=none,id=root,format=raw,snapshot=on,file=" + escaped(stack.debian()), "-device",
                "virtio-blk-pci,drive=root", "-cpu", RANDOM)).toList());
    }

    private static GuestVm boot(GuestStack stack, Path directory, String name, String kernelArguments,
            List<String> memory, List<String> devices) {
        var socket = directory.resolve(name + "-agent.sock");
        var console = directory.resolve(name + "-console.log");
        var command = new ArrayList<>(List.of(stack.qemu().toString(), "-name", name, "-accel", "tcg",
                "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none",
                "-kernel", stack.kernel().toString(), "-initrd", stack.initrd().toString(), "-append",
                "console=ttyS0" + kernelArguments,
                "-chardev", "file,id=console,path=" + escaped(console), "-serial", "chardev:console",
                "-qmp", "unix:" + escaped(monitor(directory, name)) + ",server=on,wait=off"));
        command.addAll(memory);
        command.addAll(devices);
        command.addAll(List.of("-chardev", "socket,id=agent,path=" + escaped(socket), "-device", "virtio-serial-pci",
                "-device", "virtserialport,chardev=agent,name=agent"));
        try {
            // Of a guest before it.
            Files.deleteIfExists(socket);
            var agent = AgentPort.listen(socket);
            var qemu = start(command, directory.resolve(name + "-qemu.log"), agent);
            var vm = new GuestVm(qemu, agent, console);
            try {
                vm.awaitReady();
            } catch (RuntimeException e) {
                vm.close();
                throw e;
            }
            return vm;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command, e);
        }
    }

    /** QEMU's own messages go to the log. Its end closes the port, also when it has never connected. */
    private static Process start(List<String> command, Path log, AgentPort agent) throws IOException {
        try {
            var qemu = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
            qemu.onExit().thenRun(() -> closeQuietly(agent));
            qemu.getOutputStream().close();
            return qemu;
        } catch (IOException e) {
            agent.close();
            throw e;
        }
    }

    /** The guest's answer to a request of one line. */
    public String ask(String request) {
        return ask(request, ANSWER);
    }

    synchronized String ask(String request, Duration deadline) {
        try {
            agent.send(request);
        } catch (IOException e) {
            throw failure("cannot ask '" + request + "'");
        }
        var answer = nextLine("no answer to '" + request + "'", deadline);
        if (answer.startsWith("error ")) {
            throw new RefusedException(request, answer.substring("error ".length()));
        }
        return answer.substring(Math.min(answer.length(), "ok ".length()));
    }

    /** The guest's answer to a request for a list of NAME=VALUE. */
    Map<String, String> entries(String request) {
        return Arrays.stream(ask(request).split("\t")).map(entry -> entry.split("=", 2))
                .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1]));
    }

    /** The number of the guest's device for a clock, in {@code /dev/ptpN}. */
    int number(PtpClock clock) {
        return entries("clocks").entrySet().stream().filter(entry -> entry.getValue().equals(clock.label()))
                .map(entry -> Integer.valueOf(entry.getKey().substring("ptp".length()))).findFirst().orElseThrow();
    }

    /** The name of the virtio RTC: {@code rtcN}. */
    String rtc() {
        return ask("rtc").split(" ", 2)[0];
    }

    /** Runs a shell command in the guest. */
    Output run(String command, Duration deadline) {
        var answer = ask("run " + command, deadline).split(" ", 2);
        var text = new String(Base64.getDecoder().decode(answer[1]), StandardCharsets.UTF_8);
        return new Output(Integer.parseInt(answer[0]), text);
    }

    /** Restarts the guest's kernel in the same QEMU. */
    void reboot() {
        ask("reboot");
        awaitReady();
    }

    /** Shuts the guest down, and waits until its QEMU is gone. */
    void powerOff() {
        ask("poweroff");
        try {
            if (!qemu.waitFor(EXIT.toMillis(), TimeUnit.MILLISECONDS) || qemu.exitValue() != 0) {
                throw failure("the guest did not power off");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while the guest powered off", e);
        }
    }

    /** Where QEMU's monitor of a guest is. */
    static Path monitor(Path directory, String name) {
        return directory.resolve(name + "-qmp.sock");
    }

    /** Waits for the agent again, after the guest's kernel was restarted from outside. */
    void awaitRestart() {
        awaitReady();
    }

    /** The last lines of the guest's console, and of what QEMU itself said. */
    String consoleTail() {
        return tail(console)
                + tail(console.resolveSibling(console.getFileName().toString().replace("console", "qemu")));
    }

    /** Ends QEMU as the kernel does for want of memory. */
    void kill() {
        try {
            qemu.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while QEMU was killed", e);
        }
        closeQuietly(agent);
    }

    /** Ends the guest without asking it. */
    @Override
    public void close() {
        qemu.destroy();
        try {
            if (!qemu.waitFor(EXIT.toMillis(), TimeUnit.MILLISECONDS)) {
                qemu.destroyForcibly();
            }
        } catch (InterruptedException e) {
            qemu.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        closeQuietly(agent);
    }

    private void awaitReady() {
        var line = nextLine("the guest did not boot", BOOT);
        if (!line.equals("ready")) {
            throw failure("the guest's agent said '" + line + "'");
        }
    }

    /** A guest that was silent for too long is hung up on: what it said later would answer another request. */
    private String nextLine(String failure, Duration deadline) {
        try {
            var line = agent.next(deadline);
            if (line.isEmpty()) {
                var exception = failure(failure);
                closeQuietly(agent);
                throw exception;
            }
            return line.get();
        } catch (InterruptedException e) {
            throw new IllegalStateException(failure + ": interrupted", e);
        }
    }

    private IllegalStateException failure(String what) {
        var state = qemu.isAlive() ? "QEMU runs" : "QEMU has ended with status " + qemu.exitValue();
        return new IllegalStateException(what + "; " + state + "\n" + consoleTail());
    }

    private static String tail(Path log) {
        try {
            var lines = Files.readString(log, StandardCharsets.ISO_8859_1).lines().toList();
            return log + ":\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()))
                    + "\n";
        } catch (IOException e) {
            return "no " + log + "\n";
        }
    }

    /** As QEMU wants a value of an option that has several. */
    private static String escaped(Path path) {
        return path.toString().replace(",", ",,");
    }

    private static void closeQuietly(AgentPort agent) {
        try {
            agent.close();
        } catch (IOException e) {
            // Nothing is read from it or written to it any more.
        }
    }
}
