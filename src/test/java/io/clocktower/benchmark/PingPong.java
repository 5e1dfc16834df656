package io.clocktower.benchmark;

import io.clocktower.frontend.Libc;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.EventFd;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Path;
import org.newsclub.net.unix.AFUNIXServerSocket;
import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.FileDescriptorCast;

/**
 * The floor of any round trip over eventfds: this thread writes to one and waits at another, and a second one, of this
 * process or of another, does the reverse and nothing else.
 */
final class PingPong implements RoundTrip {

    private final Descriptor pingFile = Libc.eventFd();
    private final Descriptor pongFile = Libc.eventFd();
    private final EventFd ping = EventFd.adopt(pingFile);
    private Process process;

    private PingPong() {
        Libc.makeBlocking(pingFile);
    }

    /** With a thread of this process, for as long as the process runs. */
    static PingPong withThread() {
        var pingPong = new PingPong();
        Thread.ofPlatform().name("pong").daemon().start(() -> pong(pingPong.pingFile, pingPong.pongFile));
        return pingPong;
    }

    /** With a process, which gets the eventfds over a socket at {@code path}. */
    static PingPong withProcess(Path path) throws IOException {
        var pingPong = new PingPong();
        try (AFUNIXServerSocket server = AFUNIXServerSocket.bindOn(AFUNIXSocketAddress.of(path))) {
            pingPong.process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED", "-classpath", System.getProperty("java.class.path"),
                    PingPong.class.getName(), path.toString()).inheritIO().start();
            try (AFUNIXSocket socket = server.accept()) {
                socket.setOutboundFileDescriptors(file(pingPong.pingFile), file(pingPong.pongFile));
                socket.getOutputStream().write(0);
            }
        }
        return pingPong;
    }

    private static FileDescriptor file(Descriptor descriptor) throws IOException {
        return FileDescriptorCast.unsafeUsing(descriptor.number()).getFileDescriptor();
    }

    /** The other process. */
    public static void main(String... arguments) throws IOException {
        try (AFUNIXSocket socket = AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(Path.of(arguments[0])))) {
            socket.ensureAncillaryReceiveBufferSize(128);
            socket.getInputStream().read();
            FileDescriptor[] files = socket.getReceivedFileDescriptors();
            pong(descriptor(files[0]), descriptor(files[1]));
        }
    }

    private static Descriptor descriptor(FileDescriptor file) throws IOException {
        return new Descriptor(FileDescriptorCast.using(file).as(Integer.class));
    }

    private static void pong(Descriptor pingFile, Descriptor pongFile) {
        EventFd pong = EventFd.adopt(pongFile);
        Libc.makeBlocking(pongFile);
        while (true) {
            Libc.readCount(pingFile);
            pong.signal();
        }
    }

    @Override
    public void run() {
        ping.signal();
        Libc.readCount(pongFile);
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroy();
        }
    }
}
