package io.clocktower.console;

import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.app.PackagedApplication;
import io.clocktower.frontend.Guest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The console with a thousand devices. It makes the pictures of the documentation: {@code -Dscreenshots=docs/images} puts
 * them there.
 */
class ThousandDevicesIT {

    private static final int DEVICES = 1_000;
    private static final int GUESTS = 9;
    /** More than there are rows in sight. */
    private static final int STEPS = 60;
    private static final List<String> TEAMS = List.of("payments", "ledger", "search", "edge");
    private static final String LONG = "a-name-of-63-characters-".repeat(3).substring(0, 62) + "z";
    private static final Path PICTURES = Path.of(System.getProperty("basedir", ""))
            .resolve(System.getProperty("screenshots", "target/screenshots"));

    @TempDir
    private static Path directory;

    private static PackagedApplication application;
    private static Chromium chromium;
    private static final List<Guest> GUEST_VMS = new ArrayList<>();

    private Page page;

    @BeforeAll
    static void start() throws Exception {
        chromium = Chromium.start(Files.createDirectory(directory.resolve("chromium")));
        var properties = new TreeMap<String, String>();
        properties.put("clocktower.socket-dir", directory.toString());
        properties.put("clocktower.shutdown-grace", "0s");
        for (int i = 0; i < DEVICES; i++) {
            String name = i == DEVICES - 1 ? LONG : "node-%03d".formatted(i);
            String key = "clocktower.devices.\"%s\".".formatted(name);
            properties.put(key + "socket", directory.resolve("d%d.sock".formatted(i)).toString());
            properties.put(key + "labels.team", TEAMS.get(i % TEAMS.size()));
            properties.put(key + "labels.rack", "r%02d".formatted(i % 16));
        }
        application = PackagedApplication.start(directory, properties);
        for (int i = 0; i < GUESTS; i++) {
            var guest = new Guest(directory.resolve("d%d.sock".formatted(i)));
            GUEST_VMS.add(guest);
            assertEquals(0, guest.request(ofClock(READ, 0), 16).status());
        }
        inject("node-001", "{'type':'step','offset':'-5m','duration':'2h','reason':'rehearsing CHG-1234'}");
        inject("node-003", "{'type':'drift','ratePpb':100000,'reason':'CHG-1240'}");
        inject("node-004", "{'type':'strobe','delta':'1h','period':'20s','duration':'1d'}");
        inject("node-004", "{'type':'jitter','range':'50ms','interval':'1s','duration':'30m'}");
        inject("node-007", "{'type':'step','offset':'90m','duration':'45m','reason':'CHG-1251'}");
        for (int i = 0; i < 32; i++) {
            inject(LONG, "{'type':'step','offset':'%ds','duration':'1h','reason':'number %d'}".formatted(i + 1, i));
        }
        assertEquals(0, GUEST_VMS.get(1).request(ofClock(READ, 0), 16).status());
    }

    private static void inject(String device, String fault) throws IOException {
        var answer = application.send("POST", "api/v1/devices/%s/faults".formatted(device), fault.replace('\'', '"'));
        assertEquals(201, answer.statusCode(), answer.body());
    }

    @AfterAll
    static void stop() throws Exception {
        try (var _ = chromium; var _ = application) {
            for (Guest guest : GUEST_VMS) {
                guest.close();
            }
            GUEST_VMS.clear();
        }
    }

    @BeforeEach
    void open() {
        page = chromium.open();
    }

    @AfterEach
    void close() {
        page.close();
    }

    @Test
    void arrowsGoFromDeviceToDevicePastTheRowsInSight() {
        page.go(application.root());
        page.awaitText("#rows .who", "node-000");
        page.evaluate("document.querySelector('#rows .who a').focus()");
        String first = focused();
        for (int i = 0; i < STEPS; i++) {
            step("ArrowDown");
        }
        for (int i = 0; i < STEPS; i++) {
            step("ArrowUp");
        }
        assertEquals(first, focused());
    }

    /** Presses a key, and waits until another device has the focus. */
    private void step(String key) {
        String before = focused();
        page.press(key);
        page.await(
                "document.activeElement.matches('#rows .who a') && document.activeElement.textContent.trim() !== '%s'"
                        .formatted(before));
    }

    private String focused() {
        return page.evaluate("document.activeElement.textContent.trim()").asText();
    }

    @Test
    void onlyTheRowsInSightExistAndNoDeviceWithoutAnEventIsAskedForAlone() throws Exception {
        page.go(application.root());
        page.awaitText(".counts", "1000");
        page.await("document.querySelector('[role=table]').getAttribute('aria-rowcount') === '1001'");
        assertTrue(page.evaluate("document.querySelectorAll('#rows .row').length").asInt() < 60);
        page.evaluate("scrollTo(0, document.body.scrollHeight)");
        page.awaitText("#rows .who", "node-998");
        assertTrue(page.evaluate("document.querySelectorAll('#rows .row').length").asInt() < 60);
        page.await(
                "performance.getEntriesByType('resource').filter(it => it.name.endsWith('/api/v1/devices')).length > 1");
        Set<String> asked = new TreeSet<>();
        page.evaluate("performance.getEntriesByType('resource').map(it => it.name.split('/api/v1/devices/')[1])"
                + ".filter(Boolean)").forEach(name -> asked.add(name.asText()));
        asked.removeAll(devicesWithEvents());
        assertEquals(Set.of(), asked);
        assertEquals(List.of(), page.errors());
    }

    private static Set<String> devicesWithEvents() throws IOException {
        Set<String> names = new TreeSet<>();
        new ObjectMapper()
                .readTree(application.send("GET", "api/v1/events", null, "Accept", "application/json").body())
                .forEach(event -> names.add(event.path("device").asText()));
        return names;
    }

    @Test
    void aSearchByLabelAndNameNarrowsTheList() {
        page.go(application.root());
        page.awaitText(".counts", "1000");
        page.fill("#search", "team=edge rack=r03 node-1");
        page.await("document.querySelectorAll('#rows .row').length === 6");
        page.awaitText("#restore", "the 6 devices shown");
        page.click(".filter", "With faults");
        page.awaitText("main .empty", "No device matches");
        page.fill("#search", LONG);
        page.await("document.querySelectorAll('#rows .row').length === 1");
        page.awaitText("#rows .more", "+30 more");
        assertTrue(page.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean());
    }

    @Test
    void trueTimeIsRestoredForAllThatAreShown() throws Exception {
        for (String device : List.of("node-202", "node-206", "node-210")) {
            inject(device, "{'type':'step','offset':'-1m'}");
        }
        page.go(application.root());
        page.awaitText(".counts", "1000");
        page.fill("#search", "team=search node-2");
        page.click("#restore", "the 25 devices shown");
        page.awaitText("dialog", "Restore true time for the 25 devices shown?");
        page.press("Escape");
        page.await("document.querySelector('dialog') === null");
        assertEquals(1, application.get("api/v1/devices/node-202/faults").size());
        page.click("#restore", "Restore true time");
        page.click("dialog button", "Restore true time");
        page.awaitText("#notices", "True time is restored for the 25 devices shown");
        for (String device : List.of("node-202", "node-206", "node-210")) {
            assertEquals(0, application.get("api/v1/devices/%s/faults".formatted(device)).size());
        }
        assertEquals(1, application.get("api/v1/devices/node-001/faults").size());
    }

    @Test
    void trueTimeIsRestoredByLabelWithOneCall() throws Exception {
        inject("node-021", "{'type':'step','offset':'-1m'}");
        page.go(application.root());
        page.awaitText(".counts", "1000");
        page.fill("#search", "rack=r05 team=ledger");
        page.click("#restore", "devices shown");
        page.click("dialog button", "Restore true time");
        page.awaitText("#notices", "True time is restored for the 63 devices shown");
        assertEquals(0, application.get("api/v1/devices/node-021/faults").size());
        assertEquals(1, page.evaluate("performance.getEntriesByType('resource').filter(it =>"
                + " it.name.includes('/api/v1/faults?label=rack%3Dr05&label=team%3Dledger')).length").asInt());
        assertEquals(1, application.get("api/v1/devices/node-001/faults").size());
    }

    /** Each is accessible, and is not wider than the screen. */
    @ParameterizedTest
    @CsvSource({"devices-light, '', 1280, 900, false", "devices-dark, '', 1280, 900, true",
            "devices-phone-light, '', 390, 844, false", "devices-phone-dark, '', 390, 844, true",
            "device-light, devices/node-001, 1280, 1500, false", "device-dark, devices/node-001, 1280, 1500, true",
            "device-phone-light, devices/node-001, 390, 1800, false",
            "device-phone-dark, devices/node-001, 390, 1800, true",
            "full-light, devices/LONG, 1280, 1100, false", "full-phone-dark, devices/LONG, 390, 1800, true",
            "timeline-light, timeline, 1280, 900, false", "timeline-phone-dark, timeline, 390, 844, true",
            "plans-dark, plans, 1280, 900, true", "host-light, host, 1280, 900, false"})
    void everyPageIsAccessibleInItsPicture(String picture, String path, int width, int height, boolean isDark)
            throws Exception {
        page.resize(width, height);
        page.setDark(isDark);
        page.go(application.root().resolve("console/#/" + path.replace("LONG", LONG)));
        page.awaitText("#caller", "anonymous");
        page.await("document.querySelector('main .empty')?.innerText !== 'Loading…'");
        page.awaitText("#link", "Live");
        if (path.equals("devices/node-001")) {
            page.fill("#f-offset", "1h");
            page.fill("#f-duration", "2m");
            page.click("#fault-form button", "Preview");
            page.awaitText(".preview", "Dry run");
            page.evaluate("scrollTo(0, 0)");
        }
        assertEquals(List.of(), page.inaccessible());
        assertTrue(page.evaluate("document.documentElement.scrollWidth <= innerWidth").asBoolean());
        page.capture(PICTURES.resolve("console-" + picture + ".png"));
        assertEquals(List.of(), page.errors());
    }
}
