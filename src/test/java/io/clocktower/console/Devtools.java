package io.clocktower.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A connection to a browser that speaks the DevTools protocol: commands with their results, and events. */
final class Devtools implements WebSocket.Listener {

    private static final long PATIENCE_S = 60;

    private final ObjectMapper json = new ObjectMapper();
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
    private final List<Consumer<JsonNode>> listeners = new CopyOnWriteArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final WebSocket socket;
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);

    Devtools(HttpClient http, URI place) {
        socket = http.newWebSocketBuilder().buildAsync(place, this).join();
    }

    /** Gets all events, on the connection's thread. */
    void onEvent(Consumer<JsonNode> listener) {
        listeners.add(listener);
    }

    /**
     * Has the browser carry out a command.
     *
     * @param session of a page, or null
     * @return its result
     */
    JsonNode call(String session, String method, Map<String, ?> parameters) {
        int id = ids.incrementAndGet();
        ObjectNode message = json.createObjectNode().put("id", id).put("method", method);
        message.set("params", json.valueToTree(parameters));
        if (session != null) {
            message.put("sessionId", session);
        }
        var answer = new CompletableFuture<JsonNode>();
        pending.put(id, answer);
        send(message.toString());
        JsonNode answered = answer.orTimeout(PATIENCE_S, TimeUnit.SECONDS).join();
        if (answered.has("error")) {
            throw new IllegalStateException(method + ": " + answered.get("error"));
        }
        return answered.path("result");
    }

    private synchronized void send(String message) {
        sent = sent.thenCompose(_ -> socket.sendText(message, true));
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean isLast) {
        text.append(data);
        if (isLast) {
            String whole = text.toString();
            text.setLength(0);
            receive(whole);
        }
        from.request(1);
        return null;
    }

    private void receive(String whole) {
        try {
            JsonNode message = json.readTree(whole);
            if (message.has("id")) {
                pending.remove(message.get("id").asInt()).complete(message);
            } else {
                listeners.forEach(listener -> listener.accept(message));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the browser sends " + whole, e);
        }
    }
}
