package io.clocktower.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A proxy between the browser and the service that can cut all connections, and let none through until it is mended. */
final class CuttableProxy implements AutoCloseable {

    private final ServerSocket listening;
    private final URI service;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean isCut;

    CuttableProxy(URI service) throws IOException {
        this.service = service;
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    URI root() {
        return URI.create("http://127.0.0.1:%d/".formatted(listening.getLocalPort()));
    }

    void cut() {
        isCut = true;
        open.forEach(CuttableProxy::close);
    }

    void mend() {
        isCut = false;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> forward(client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void forward(Socket client) {
        try (client; var server = new Socket(service.getHost(), service.getPort())) {
            open.add(server);
            if (!isCut) {
                Thread there = Thread.ofVirtual().start(() -> copy(client, server));
                copy(server, client);
                there.join();
            }
        } catch (IOException e) {
            // The other end sees that the connection is gone.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    private static void copy(Socket from, Socket to) {
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        } catch (IOException e) {
            // It was cut, or one end has gone.
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        open.forEach(CuttableProxy::close);
    }
}
