package io.clocktower.app;

import static io.clocktower.frontend.FrontEnd.EVENT_IDX;
import static io.clocktower.frontend.FrontEnd.INDIRECT_DESC;
import static io.clocktower.frontend.FrontEnd.RING_PACKED;
import static io.clocktower.frontend.FrontEnd.VERSION_1;
import static io.clocktower.frontend.Requests.OK;
import static io.clocktower.frontend.Requests.READ;
import static io.clocktower.frontend.Requests.ofClock;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.clocktower.app.PackagedApplication.End;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Noise;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged service under random load for a while: {@code -Dsoak.minutes=30 -Dsoak.devices=200}, and {@code -Dsoak.seed} for
 * the same steps again. Half of the devices have guests that must be answered after each step; the others are abused. Now and then
 * the process has no more descriptors and threads than it had.
 *
 * <p>
 * A run of more than five minutes hands over in these alone, and at its end. The process that is there then takes in its first five
 * minutes what it needs, compiled code above all. In the last five of the run it has at most a fiftieth more memory than in the five
 * after those. The lowest of several looks counts, each after a collection: what the compilers take is given back a while later.
 */
class SoakIT {

    private static final double MINUTES = Double.parseDouble(System.getProperty("soak.minutes", "0.2"));
    private static final int DEVICES = Integer.getInteger("soak.devices", 10);
    private static final long SEED = Long.getLong("soak.seed", System.nanoTime());
    private static final long LENGTH_NS = (long) (MINUTES * TimeUnit.MINUTES.toNanos(1));
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(2);
    private static final int STEPS_A_CHECKPOINT = 60;
    private static final int STEPS_A_HANDOVER = 150;
    private static final int STATE_BYTES = 4 << 20;
    /** Until there is no room: the service may be replacing a file. */
    private static final int ROOM_TRIES = 10;
    private static final int STATE_BYTES_A_DEVICE = 1 << 14;
    /** For hand-overs; then for the last process to take what it needs; then to look at what it has. */
    private static final long WARM_NS = TimeUnit.MINUTES.toNanos(Integer.getInteger("soak.warm-minutes", 5));
    private static final double MAX_GROWTH = 1.02;
    private static final int MAX_VISITORS = 8;
    private static final int LOOKS = 5;
    private static final byte[] REQUEST = ofClock(READ, 0);
    private static final List<Long> FEATURES = List.of(VERSION_1, VERSION_1 | EVENT_IDX | INDIRECT_DESC,
            VERSION_1 | RING_PACKED, VERSION_1 | RING_PACKED | EVENT_IDX | INDIRECT_DESC);
    private static final List<String> QUESTIONS = List.of("q/health/ready", "q/metrics", "api/v1/devices",
            "api/v1/host", "api/v1/faults", "api/v1/plans");
    private static final List<String> FAULTS = List.of(
            "{\"type\":\"step\",\"offset\":\"PT5M\",\"duration\":\"PT2S\"}",
            "{\"type\":\"drift\",\"rate\":\"100ppm\"}", "{\"type\":\"step\",\"offset\":\"nonsense\"}");

    @TempDir
    private Path directory;
    private final Random random = new Random(SEED);
    private final List<Guest> healthy = new ArrayList<>();
    private final Map<String, Integer> done = new HashMap<>();
    private final List<ProcessLevel> levels = new ArrayList<>();
    private PackagedApplication service;
    private Shortages shortages;
    private int runs;
    private long longestNs;
    /** At checkpoints of the process that serves alone: after its first minutes, and in its last. */
    private final List<Long> warmKb = new ArrayList<>();
    private final List<Long> lastKb = new ArrayList<>();

    private Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>();
        for (int i = 0; i < DEVICES; i++) {
            properties.put("clocktower.devices." + name(i) + ".socket", socket(i).toString());
        }
        properties.put("clocktower.socket-dir", directory.toString());
        properties.put("clocktower.state-dir", state().toString());
        properties.put("clocktower.shutdown-grace", "1s");
        return properties;
    }

    private Path state() {
        return directory.resolve("state");
    }

    private static String name(int device) {
        return "vm" + device;
    }

    private Path socket(int device) {
        return directory.resolve(name(device) + ".sock");
    }

    @AfterEach
    void stop() throws IOException {
        for (Guest guest : healthy) {
            guest.close();
        }
        if (service != null) {
            service.close();
        }
        if (shortages != null) {
            shortages.close();
        }
    }

    @Test
    void healthyGuestsAreAnsweredAndNothingGrows() throws Exception {
        System.out.printf("soak: seed %d, %d devices, %.1f minutes%n", SEED, DEVICES, MINUTES);
        shortages = new Shortages(state(), STATE_BYTES + DEVICES * (long) STATE_BYTES_A_DEVICE);
        service = PackagedApplication.start(directory, properties());
        for (int i = 0; i < DEVICES / 2; i++) {
            healthy.add(guest(i));
        }
        long startNs = System.nanoTime();
        int steps = 0;
        while (System.nanoTime() - startNs < LENGTH_NS || levels.size() < 2) {
            step();
            readAll();
            if (++steps % STEPS_A_CHECKPOINT == 0) {
                checkpoint(System.nanoTime() - startNs);
            }
            if (steps % STEPS_A_HANDOVER == 0 && System.nanoTime() - startNs < WARM_NS) {
                handOver();
            }
        }
        if (LENGTH_NS > WARM_NS) {
            handOver();
            readAll();
        }
        System.out.printf("soak: %d steps %s, longest read %d ms%nsoak: first %s%nsoak: last %s%n", steps, done,
                TimeUnit.NANOSECONDS.toMillis(longestNs), levels.getFirst(), levels.getLast());
        if (!warmKb.isEmpty() && !lastKb.isEmpty()) {
            long before = Collections.min(warmKb);
            long after = Collections.min(lastKb);
            long minutes = TimeUnit.NANOSECONDS.toMinutes(WARM_NS);
            System.out.printf("soak: %d KB in minutes %d to %d, %d KB in the last %d%n", before, 2 * minutes,
                    3 * minutes, after, minutes);
            assertTrue(after <= MAX_GROWTH * before, () -> "%d KB, and %d before".formatted(after, before));
        }
    }

    private void step() throws Exception {
        int victim = DEVICES / 2 + random.nextInt(DEVICES - DEVICES / 2);
        switch (random.nextInt(12)) {
            case 0 -> count("question", () -> service.send(QUESTIONS.get(random.nextInt(QUESTIONS.size()))));
            case 1 -> count("fault", () -> inject(random.nextInt(DEVICES)));
            case 2 -> count("revert",
                    () -> service.send("DELETE", "api/v1/devices/" + name(random.nextInt(DEVICES)) + "/faults", null));
            case 3 ->
                count("visit", () -> visit(victim, guest -> assertEquals(OK, guest.request(REQUEST, 16).status())));
            case 4 -> count("messages of noise", () -> abuse(victim));
            case 5 -> count("ring of noise", () -> visit(victim, guest -> {
                Noise.fill(guest, random);
                guest.kick();
            }));
            case 6 -> count("truncation", () -> visit(victim, guest -> {
                assertEquals(OK, guest.request(REQUEST, 16).status());
                guest.offer(REQUEST, new byte[16]);
                guest.kick();
                Libc.truncate(guest.memory().file(), 0);
            }));
            case 7 -> count("memory table", () -> {
                Guest guest = healthy.get(random.nextInt(healthy.size()));
                guest.frontEnd().setMemory(List.of(guest.memory()));
            });
            case 8 -> count("reconnection", () -> connectAgain(random.nextInt(healthy.size())));
            case 9 -> count("want of descriptors", this::runOutOfDescriptors);
            case 10 -> {
                if (shortages.canTakeRoom()) {
                    count("full disk", this::runOutOfRoom);
                }
            }
            default -> count("device", this::createAndRemove);
        }
    }

    private void connectAgain(int device) throws IOException {
        healthy.get(device).close();
        awaitWaiting(device);
        healthy.set(device, guest(device));
    }

    private Guest guest(int device) throws IOException {
        return new Guest(socket(device), FEATURES.get(device % FEATURES.size()), 32, 0);
    }

    /** Front-ends come, and the process has descriptors for few of them, or for half of what they send. */
    private void runOutOfDescriptors() throws Exception {
        List<FrontEnd> visitors = new ArrayList<>();
        try {
            Shortages.withoutDescriptors(service.pid(), random.nextInt(MAX_VISITORS), () -> {
                for (int i = 0; i < MAX_VISITORS; i++) {
                    visitors.add(new FrontEnd(socket(DEVICES / 2 + random.nextInt(DEVICES - DEVICES / 2))));
                }
                for (int i = 0; i < LOOKS; i++) {
                    readAll();
                }
            });
        } finally {
            for (FrontEnd visitor : visitors) {
                visitor.close();
            }
        }
    }

    /** A change that cannot be kept is refused, and the next one is made. */
    private void runOutOfRoom() throws Exception {
        String path = "api/v1/devices/" + name(random.nextInt(DEVICES)) + "/faults";
        shortages.withoutRoom(() -> {
            int status = 201;
            for (int i = 0; i < ROOM_TRIES && status == 201; i++) {
                shortages.takeRoom();
                status = service.send("POST", path, FAULTS.getFirst()).statusCode();
            }
            assertTrue(status >= 500, "a change that cannot be kept is answered " + status);
            readAll();
        });
        assertEquals(201, service.send("POST", path, FAULTS.getFirst()).statusCode());
    }

    private void count(String what, Shortages.Step step) throws Exception {
        done.merge(what, 1, Integer::sum);
        step.run();
    }

    private void inject(int device) throws IOException {
        service.send("POST", "api/v1/devices/" + name(device) + "/faults", FAULTS.get(random.nextInt(FAULTS.size())));
    }

    private interface Visit {
        void by(Guest guest) throws Exception;
    }

    /** A guest that connects to a device, does something, and goes. */
    private void visit(int device, Visit visit) throws Exception {
        awaitWaiting(device);
        try (var guest = new Guest(socket(device), VERSION_1 | EVENT_IDX, 32, 0)) {
            visit.by(guest);
        }
    }

    private void abuse(int device) throws Exception {
        awaitWaiting(device);
        try (var frontEnd = new FrontEnd(socket(device));
                var memory = new GuestMemory(1 << 20, 0x4000_0000L, 0x7f00_0000_0000L)) {
            Noise.send(frontEnd, random, 20, memory);
        } catch (IOException e) {
            // The device closed the connection, as it should.
        }
    }

    private void awaitWaiting(int device) {
        service.await("api/v1/devices/" + name(device), status -> status.path("state").asText().equals("waiting"));
    }

    private void createAndRemove() throws IOException {
        assertEquals(201, service.send("POST", "api/v1/devices", "{\"name\":\"extra\"}").statusCode());
        assertEquals(204, service.send("DELETE", "api/v1/devices/extra", null).statusCode());
    }

    private void readAll() {
        for (Guest guest : healthy) {
            long startNs = System.nanoTime();
            assertEquals(OK, guest.request(REQUEST, 16).status());
            long ns = System.nanoTime() - startNs;
            assertTrue(ns <= LONGEST_NS, () -> "a guest waited %d ms".formatted(TimeUnit.NANOSECONDS.toMillis(ns)));
            longestNs = Math.max(longestNs, ns);
        }
    }

    private void handOver() {
        PackagedApplication next = PackagedApplication.handover(service, directory.resolve("run-" + runs++ + ".log"),
                properties());
        End end = service.awaitEnd();
        assertEquals(0, end.status(), end::output);
        service = next;
        next.awaitReady();
        done.merge("hand-over", 1, Integer::sum);
    }

    /** All victims are gone, so the process has what it had before. */
    private void checkpoint(long passedNs) throws Exception {
        for (int i = DEVICES / 2; i < DEVICES; i++) {
            awaitWaiting(i);
        }
        if (LENGTH_NS > WARM_NS && PackagedApplication.executable().isEmpty()) {
            Processes.collectGarbage(service.pid());
        }
        long endNs = System.nanoTime() + PATIENCE_NS;
        ProcessLevel level = ProcessLevel.of(service.pid());
        while (!levels.isEmpty() && !level.isWithin(levels.getFirst())) {
            if (System.nanoTime() > endNs) {
                fail("%s after %s: %s and before %s".formatted(level, levels, level.threads(),
                        levels.getFirst().threads()));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            level = ProcessLevel.of(service.pid());
        }
        levels.add(level);
        if (passedNs > 2 * WARM_NS && passedNs < 3 * WARM_NS) {
            warmKb.add(level.residentKb());
        } else if (passedNs > Math.max(3 * WARM_NS, LENGTH_NS - WARM_NS)) {
            lastKb.add(level.residentKb());
        }
        System.out.println("soak: " + level);
    }
}
