package io.clocktower.kubevirt;

import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Does what virt-launcher's hook manager does, in its order: looks every 300 ms into the directories of the sidecars for what
 * is not a directory, dials it, asks for Info within a second, and calls the newest version that it knows, over a new
 * connection each time.
 */
final class HookManager implements AutoCloseable {

    private static final Duration SCAN = Duration.ofMillis(300);
    private static final Duration DIAL = Duration.ofSeconds(2);
    private static final Duration INFO = Duration.ofSeconds(1);
    private static final Duration CALL = Duration.ofSeconds(60);

    private final Path directory;
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final Set<String> processed = new HashSet<>();
    private Sidecar sidecar;

    /** A sidecar as its Info tells of it. */
    record Sidecar(Path socket, String name, List<String> hookPoints, List<String> versions) {}

    /**
     * @param directory that of all sidecars, each in a directory with its container's name
     */
    HookManager(Path directory) {
        this.directory = directory;
    }

    /** Waits for one sidecar, like virt-launcher before it defines the domain. */
    Sidecar collect(Duration timeout) throws Exception {
        long endNs = System.nanoTime() + timeout.toNanos();
        while (processed.isEmpty()) {
            for (Path socket : sockets()) {
                if (!processed.contains(socket.getFileName().toString()) && isReady(socket)) {
                    sidecar = info(socket);
                    processed.add(socket.getFileName().toString());
                }
            }
            if (System.nanoTime() > endNs) {
                throw new IllegalStateException("no sidecar within " + timeout);
            }
            Thread.sleep(SCAN.toMillis());
        }
        return sidecar;
    }

    private List<Path> sockets() throws IOException {
        List<Path> sockets = new ArrayList<>();
        try (Stream<Path> containers = Files.list(directory)) {
            for (Path container : containers.filter(Files::isDirectory).toList()) {
                try (Stream<Path> files = Files.list(container)) {
                    files.filter(file -> !Files.isDirectory(file)).forEach(sockets::add);
                }
            }
        }
        return sockets;
    }

    /** A dial that fails is "not ready yet"; all that is there must be a hook, as another file costs 2 s a scan. */
    private boolean isReady(Path socket) throws InterruptedException {
        ManagedChannel channel = channel(socket);
        try {
            long endNs = System.nanoTime() + DIAL.toNanos();
            while (channel.getState(true) != ConnectivityState.READY) {
                if (System.nanoTime() > endNs) {
                    return false;
                }
                Thread.sleep(1);
            }
            return true;
        } finally {
            channel.shutdownNow();
        }
    }

    private Sidecar info(Path socket) {
        WireMessage info = call(socket, "kubevirt.hooks.info.Info/Info", new WireMessage(), INFO);
        return new Sidecar(socket, info.text(1),
                info.all(3).stream().map(point -> WireMessage.decoded(point).text(1)).toList(),
                info.all(4).stream().map(version -> new String(version, StandardCharsets.UTF_8)).toList());
    }

    /** A call over a new connection. */
    WireMessage call(Path socket, String method, WireMessage request, Duration timeout) {
        ManagedChannel channel = channel(socket);
        try {
            var descriptor = MethodDescriptor.<WireMessage, WireMessage>newBuilder().setType(MethodType.UNARY)
                    .setFullMethodName(method).setRequestMarshaller(WireMessage.MARSHALLER)
                    .setResponseMarshaller(WireMessage.MARSHALLER).build();
            return ClientCalls.blockingUnaryCall(channel, descriptor,
                    CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS), request);
        } finally {
            channel.shutdownNow();
        }
    }

    private ManagedChannel channel(Path socket) {
        return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class).eventLoopGroup(group).usePlaintext()
                .overrideAuthority("localhost").withOption(ChannelOption.SO_KEEPALIVE, null).build();
    }

    String defineDomain(String version, String domain, String vmi) {
        return call(sidecar.socket(), "kubevirt.hooks." + version + ".Callbacks/OnDefineDomain",
                new WireMessage().with(1, domain).with(2, vmi), CALL).text(1);
    }

    WireMessage call(String version, String method, WireMessage request) {
        return call(sidecar.socket(), "kubevirt.hooks." + version + ".Callbacks/" + method, request, CALL);
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
