package io.clocktower.webhook;

import io.clocktower.config.WebhookSpec;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A receiver at a URL. It gets a POST with the event in JSON, signed if a secret is configured. */
final class HttpReceiver implements Receiver {

    static final String DELIVERY = "X-Clocktower-Delivery";
    static final String EVENT = "X-Clocktower-Event";
    static final String SIGNATURE = "X-Clocktower-Signature";

    private static final String HMAC = "HmacSHA256";

    private final WebhookSpec spec;
    private final HttpClient http;
    private final Clock clock;

    /**
     * @param http a client that follows no redirects
     * @param clock for a Retry-After with a date
     */
    HttpReceiver(WebhookSpec spec, HttpClient http, Clock clock) {
        this.spec = spec;
        this.http = http;
        this.clock = clock;
    }

    @Override
    public Answer send(Delivery delivery) throws IOException, InterruptedException {
        byte[] body = delivery.body();
        HttpRequest.Builder request = HttpRequest.newBuilder(spec.url()).POST(BodyPublishers.ofByteArray(body))
                .header("Content-Type", "application/json").header("User-Agent", "Clocktower")
                .header(DELIVERY, delivery.id()).header(EVENT, delivery.event().type().word());
        spec.credentials().ifPresent(credentials -> request.header("Authorization", "Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8))));
        spec.secret().ifPresent(secret -> request.header(SIGNATURE, "sha256=" + hmac(secret, body)));
        HttpResponse<Void> response = await(http.sendAsync(request.build(), BodyHandlers.discarding()));
        return new Answer(response.statusCode(),
                response.headers().firstValue("Retry-After").flatMap(this::retryAfter));
    }

    /** The timeout includes the end of the answer; that of the client does not. */
    private HttpResponse<Void> await(CompletableFuture<HttpResponse<Void>> response)
            throws IOException, InterruptedException {
        try {
            return response.get(spec.timeout().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("no answer within " + spec.timeout().toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage() == null
                    ? e.getCause().getClass().getSimpleName()
                    : e.getCause().getMessage(), e.getCause());
        } finally {
            response.cancel(true);
        }
    }

    /** A number of seconds or a date; empty for anything else. RFC 9110, "Retry-After". */
    private Optional<Duration> retryAfter(String text) {
        try {
            return text.matches("\\d{1,9}")
                    ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
                    : Optional.of(Duration.between(clock.instant(),
                            ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static String hmac(String secret, byte[] body) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), HMAC));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + HMAC, e);
        }
    }
}
