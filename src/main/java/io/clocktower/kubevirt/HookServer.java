package io.clocktower.kubevirt;

import io.clocktower.state.PrivateDirectory;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * gRPC at a Unix socket. KubeVirt gives a hook one second for its first answer and gives the VM up after that, so the socket
 * is bound in a directory where no one looks, answers calls of the server itself until it is quick, and is then moved to its
 * place. It needs no native library.
 */
final class HookServer implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(HookServer.class);
    private static final String AUTHORITY = "localhost";
    private static final Duration CALL = Duration.ofSeconds(60);
    private static final long QUICK_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final int MAX_CALLS = 20;
    private static final int MAX_MESSAGE_BYTES = 16 << 20;
    private static final Duration END = Duration.ofSeconds(2);

    private final Path socket;
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private Server server;

    private HookServer(Path socket) {
        this.socket = socket;
    }

    /**
     * Listens; the socket is there when this returns.
     *
     * @param socket a file in an existing directory
     */
    static HookServer open(Path socket, List<ServerServiceDefinition> services) throws IOException {
        var server = new HookServer(socket);
        try {
            server.start(services);
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void start(List<ServerServiceDefinition> services) throws IOException {
        Path aside = socket.resolveSibling("starting").resolve("hook");
        PrivateDirectory.prepare(aside.getParent());
        Files.deleteIfExists(aside);
        server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(aside))
                .channelType(NioServerDomainSocketChannel.class).bossEventLoopGroup(group).workerEventLoopGroup(group)
                .executor(Executors.newVirtualThreadPerTaskExecutor()).maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .addServices(services).build().start();
        for (int calls = 0; calls < MAX_CALLS && !isQuick(aside); calls++) {
            // The next one is quicker: classes are loaded, and code is compiled.
        }
        Files.move(aside, socket, StandardCopyOption.ATOMIC_MOVE);
        Files.delete(aside.getParent());
    }

    /** Makes a call as KubeVirt does, over a connection of its own. */
    private boolean isQuick(Path address) {
        long startNs = System.nanoTime();
        ManagedChannel channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(address))
                .channelType(NioDomainSocketChannel.class).eventLoopGroup(group).usePlaintext()
                .overrideAuthority(AUTHORITY).withOption(ChannelOption.SO_KEEPALIVE, null).directExecutor().build();
        try {
            ClientCalls.blockingUnaryCall(channel, HookServices.INFO,
                    CallOptions.DEFAULT.withDeadlineAfter(CALL.toMillis(), TimeUnit.MILLISECONDS), new WireMessage());
        } finally {
            channel.shutdownNow();
        }
        return System.nanoTime() - startNs < QUICK_NS;
    }

    Path socket() {
        return socket;
    }

    /** Removes the socket, and lets calls that are being answered end. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.debugf("cannot remove %s: %s", socket, e.getMessage());
        }
        if (server != null) {
            server.shutdown();
            try {
                if (!server.awaitTermination(END.toMillis(), TimeUnit.MILLISECONDS)) {
                    server.shutdownNow();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        group.shutdownGracefully(0, END.toMillis(), TimeUnit.MILLISECONDS);
    }
}
