package io.clocktower.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists of many devices are sent while they are made, and few at a time. */
class ListsIT {

    private static final int DEVICES = 200;
    private static final int CALLERS = 50;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    private static Path directory;
    private static PackagedApplication application;

    @BeforeAll
    static void start() {
        Map<String, String> properties = new TreeMap<>(Map.of("clocktower.socket-dir",
                directory.resolve("run").toString()));
        IntStream.range(0, DEVICES)
                .forEach(i -> properties.put("clocktower.devices.d%03d.poll-window".formatted(i), "0s"));
        application = PackagedApplication.start(directory, properties);
    }

    @AfterAll
    static void stop() {
        HTTP.close();
        application.close();
    }

    private static HttpRequest get(String path, String accept) {
        return HttpRequest.newBuilder(application.root().resolve(path)).timeout(Duration.ofMinutes(1))
                .header("Accept", accept).build();
    }

    @ParameterizedTest
    @CsvSource({"api/v1/devices,name", "api/v1/alarms,device"})
    void aListHasEveryDeviceInOrder(String path, String member) throws Exception {
        HttpResponse<String> answer = HTTP.send(get(path, "application/json"), BodyHandlers.ofString());

        assertEquals(200, answer.statusCode());
        assertTrue(answer.headers().firstValue("Content-Type").orElse("").startsWith("application/json"));
        List<String> names = JSON.readTree(answer.body()).findValuesAsText(member);
        assertEquals(IntStream.range(0, DEVICES).mapToObj("d%03d"::formatted).toList(), names);
        assertEquals(DEVICES + 1, HTTP.send(get(path, "text/plain"), BodyHandlers.ofString()).body().lines().count());
    }

    @Test
    void noneOfManyCallersGetsAnythingButAListOrABusyAnswer() throws Exception {
        List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            calls.add(HTTP.sendAsync(get("api/v1/devices", "application/json"), BodyHandlers.ofString()));
        }
        int lists = 0;
        for (CompletableFuture<HttpResponse<String>> call : calls) {
            HttpResponse<String> answer = call.get();
            if (answer.statusCode() == 200) {
                assertEquals(DEVICES, JSON.readTree(answer.body()).size());
                lists++;
            } else {
                assertBusy(answer.statusCode(), answer.headers().firstValue("Retry-After").orElse(""));
            }
        }
        assertTrue(lists >= 4, lists + " lists");
    }

    /** Clients that read nothing hold their places; the next caller is told to come back, and single devices are served. */
    @Test
    void aCallerBehindClientsThatDoNotReadIsToldWhenToComeBack() throws Exception {
        List<InputStream> unread = new ArrayList<>();
        int status = 200;
        for (int i = 0; i < CALLERS && status == 200; i++) {
            HttpResponse<InputStream> answer = HTTP.send(get("api/v1/devices", "application/json"),
                    BodyHandlers.ofInputStream());
            status = answer.statusCode();
            unread.add(answer.body());
            if (status != 200) {
                assertBusy(status, answer.headers().firstValue("Retry-After").orElse(""));
            }
        }
        assertEquals(200, HTTP.send(get("api/v1/devices/d000", "application/json"), BodyHandlers.ofString())
                .statusCode());
        for (InputStream body : unread) {
            body.close();
        }
    }

    private static void assertBusy(int status, String retryAfter) {
        assertEquals(503, status);
        assertEquals("1", retryAfter);
    }
}
