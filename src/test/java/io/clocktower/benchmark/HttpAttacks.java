package io.clocktower.benchmark;

import io.clocktower.benchmark.Attacks.Target;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Attacks by those who can reach the control plane. */
final class HttpAttacks {

    private static final int CALLERS = 64;
    private static final int COMMANDS = 64;

    private HttpAttacks() {}

    private static Socket connection(Target target) throws IOException {
        return new Socket("127.0.0.1", target.application().root().getPort());
    }

    private static byte[] get(String path, String... headers) {
        return ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + String.join("\r\n", headers) + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** 998 devices, and 50 lists asked for at once over one connection; then over 50. */
    static void lists(Target target) throws Exception {
        for (int i = 1; i < 998; i++) {
            target.create("many" + i);
        }
        byte[] request = get("/api/v1/devices");
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 51; i++) {
            var socket = connection(target);
            sockets.add(socket);
            for (int j = 0; j < (i == 0 ? 50 : 1); j++) {
                socket.getOutputStream().write(request);
            }
        }
        for (Socket socket : sockets) {
            socket.setSoTimeout(5_000);
            skip(socket);
        }
        AttackList.close(sockets);
    }

    private static void skip(Socket socket) {
        byte[] answer = new byte[1 << 16];
        try {
            while (socket.getInputStream().read(answer) >= 0) {
                // All that comes.
            }
        } catch (IOException silent) {
            // No more comes.
        }
    }

    static void idle(Target target) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            sockets.add(connection(target));
        }
        Thread.sleep(AttackList.CLOSED_MS);
        AttackList.close(sockets);
    }

    /** Requests that break the rules of HTTP/1, and paths that may mislead, each on a connection of its own. */
    static void framing(Target target) throws Exception {
        List<byte[]> requests = List.of(get("/api/v1/devices", "X-Folded: one", " two", ""),
                get("/api/v1/devices", "Transfer-Encoding: xchunked", ""), get("/%00"), get("/..;/api/v1/devices"),
                get("*"));
        for (int i = 0; i < 2_000; i++) {
            try (Socket socket = connection(target)) {
                socket.setSoTimeout(5_000);
                socket.getOutputStream().write(requests.get(i % requests.size()));
                if (socket.getInputStream().read() < 0) {
                    throw new IOException("no answer");
                }
            }
        }
    }

    /** 64 callers at once, each with 64 commands to a loop and as often the list of 50 devices. */
    static void commands(Target target) throws Exception {
        for (int i = 1; i < 50; i++) {
            target.create("more" + i);
        }
        List<Socket> sockets = new ArrayList<>();
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            Socket socket = connection(target);
            socket.setSoTimeout(2_000);
            sockets.add(socket);
            for (int j = 0; j < COMMANDS; j++) {
                socket.getOutputStream().write(get("/api/v1/devices/vm0"));
                socket.getOutputStream().write(get("/api/v1/devices"));
            }
            readers.add(Thread.ofPlatform().start(() -> skip(socket)));
        }
        for (Thread reader : readers) {
            reader.join();
        }
        AttackList.close(sockets);
    }

    /** As many processes that never wait as there are processors, and eight callers of all statuses and metrics. */
    static void busy(Target target) throws Exception {
        for (int i = 1; i < 100; i++) {
            target.create("more" + i);
        }
        List<Process> busy = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            busy.add(new ProcessBuilder("timeout", "30", "bash", "-c", "while :; do :; done").start());
        }
        List<Thread> callers = new ArrayList<>();
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        for (int i = 0; i < 8; i++) {
            String path = i % 2 == 0 ? "api/v1/devices" : "q/metrics";
            callers.add(Thread.ofPlatform().start(() -> {
                while (System.nanoTime() < endNs) {
                    try {
                        target.application().send(path);
                    } catch (IOException late) {
                        // The control plane has what is left of the processors.
                    }
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        for (Process one : busy) {
            one.destroy();
        }
    }
}
