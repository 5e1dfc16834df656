package io.clocktower.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** The calls of one command. What is not answered 2xx becomes a {@link CallException} with the problem as a sentence. */
final class Api {

    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final String JSON_TYPE = "application/json";
    private static final int OK = 200;
    private static final int REDIRECTS = 300;

    private final URI url;
    private final Optional<String> token;
    private final HttpClient http;

    Api(URI url, Optional<String> token, Optional<Path> caFile) {
        this.url = url;
        this.token = token;
        if (url.getHost() == null || !List.of("http", "https").contains(url.getScheme())) {
            throw new CallException("%s: not a URL of a service, expected http://HOST:PORT or https://HOST:PORT"
                    .formatted(url));
        }
        var builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        if (caFile.isPresent()) {
            builder.sslContext(TrustedCertificates.of(caFile.get()));
        } else if (url.getScheme().equals("http")) {
            // Otherwise the client reads Java's certificates, which takes longer than the call.
            builder.sslContext(TrustedCertificates.none());
        }
        http = builder.build();
        // Its thread waits in a system call. As the JVM ends it waits 0.3 s for such threads.
        Runtime.getRuntime().addShutdownHook(new Thread(http::shutdownNow));
    }

    /** A path below the root of the service; each segment is encoded. */
    static String path(String... segments) {
        return List.of(segments).stream().map(Api::encode).collect(Collectors.joining("/", "/", ""));
    }

    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A query with one parameter repeated for each value; empty without values. */
    static String query(String name, List<String> values) {
        return values == null || values.isEmpty()
                ? ""
                : values.stream().map(value -> name + "=" + encode(value)).collect(Collectors.joining("&", "?", ""));
    }

    /** The answer to a GET as the service's table. */
    String table(String path) {
        return send("GET", path, null, "text/plain");
    }

    /** The answer to a GET. */
    JsonNode get(String path) {
        return tree(send("GET", path, null, JSON_TYPE));
    }

    /** The answer to a call, missing if it has no body. */
    JsonNode call(String method, String path, JsonNode body) {
        String answer = send(method, path, body == null ? null : body.toString(), JSON_TYPE);
        return answer.isEmpty() ? Json.MAPPER.missingNode() : tree(answer);
    }

    /** The status of the answer to a GET, and its body, whatever they are. */
    HttpResponse<String> look(String path) {
        return exchange(request("GET", path, null, JSON_TYPE).timeout(ANSWER).build(), BodyHandlers.ofString());
    }

    /** The answer to a GET as it comes. */
    InputStream follow(String path, String accept, String lastEventId) {
        HttpRequest.Builder request = request("GET", path, null, accept);
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        HttpResponse<InputStream> response = exchange(request.build(), BodyHandlers.ofInputStream());
        try {
            if (response.statusCode() != OK) {
                throw refused(response.statusCode(),
                        new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
            }
            return response.body();
        } catch (IOException e) {
            throw unanswered(e);
        }
    }

    private String send(String method, String path, String body, String accept) {
        HttpResponse<String> response = exchange(request(method, path, body, accept).timeout(ANSWER).build(),
                BodyHandlers.ofString());
        if (response.statusCode() < OK || response.statusCode() >= REDIRECTS) {
            throw refused(response.statusCode(), response.body());
        }
        return response.body();
    }

    private HttpRequest.Builder request(String method, String path, String body, String accept) {
        String root = url.toString();
        var request = HttpRequest.newBuilder(URI.create((root.endsWith("/")
                ? root.substring(0, root.length() - 1)
                : root) + path)).header("Accept", accept).method(method,
                        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", JSON_TYPE);
        }
        token.ifPresent(text -> request.header("Authorization", "Bearer " + text));
        return request;
    }

    private <T> HttpResponse<T> exchange(HttpRequest request, BodyHandler<T> handler) {
        try {
            return http.send(request, handler);
        } catch (IOException e) {
            throw unanswered(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CallException("interrupted");
        }
    }

    /** The reason is that of the system where there is one: the client wraps it, or says nothing. */
    private CallException unanswered(IOException e) {
        if (e instanceof HttpTimeoutException) {
            return new CallException("%s does not answer in time".formatted(url));
        }
        Throwable cause = e;
        while (cause.getCause() != null && cause.getMessage() == null) {
            cause = cause.getCause();
        }
        String reason = cause.getMessage() == null ? "" : ": " + cause.getMessage();
        return new CallException(e instanceof ConnectException
                ? "cannot connect to %s%s; is the service running?".formatted(url,
                        reason.isEmpty() ? ": connection refused" : reason)
                : "%s gave no answer%s".formatted(url, reason));
    }

    private JsonNode tree(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new CallException("%s is not answered with JSON; is it Clocktower?".formatted(url));
        }
    }

    /** The errors of a problem document one by one, or else its detail. */
    private static CallException refused(int status, String body) {
        JsonNode problem;
        try {
            problem = Json.MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            problem = Json.MAPPER.missingNode();
        }
        String errors = StreamSupport.stream(problem.path("errors").spliterator(), false)
                .map(error -> (error.path("field").asText().isEmpty() ? "" : error.path("field").asText() + ": ")
                        + error.path("detail").asText())
                .collect(Collectors.joining("; "));
        String detail = errors.isEmpty()
                ? problem.path("detail").asText(problem.path("title").asText("the service answered without a reason"))
                : errors;
        return new CallException("%s (%d)".formatted(
                detail.endsWith(".") ? detail.substring(0, detail.length() - 1) : detail, status));
    }
}
