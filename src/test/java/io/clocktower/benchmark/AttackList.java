package io.clocktower.benchmark;

import static io.clocktower.frontend.FrontEnd.ADD_MEM_REG;
import static io.clocktower.frontend.FrontEnd.GET_FEATURES;
import static io.clocktower.frontend.FrontEnd.GET_VRING_BASE;
import static io.clocktower.frontend.FrontEnd.SET_MEM_TABLE;
import static io.clocktower.frontend.FrontEnd.VERSION;
import static io.clocktower.frontend.FrontEnd.payload;

import io.clocktower.benchmark.Attacks.Attack;
import io.clocktower.benchmark.Attacks.Target;
import io.clocktower.frontend.Alarmq;
import io.clocktower.frontend.FrontEnd;
import io.clocktower.frontend.Guest;
import io.clocktower.frontend.GuestMemory;
import io.clocktower.frontend.Libc;
import io.clocktower.frontend.Noise;
import io.clocktower.frontend.Requests;
import io.clocktower.frontend.SilentFuse;
import io.clocktower.frontend.SplitDriver;
import io.clocktower.frontend.SplitDriver.Piece;
import io.clocktower.linux.Descriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The attacks of docs/security.md, "What was tried". */
final class AttackList {

    private static final long TIB = 1L << 40;
    private static final String VM = "vm0";
    private static final List<String> AS_IT_IS = List.of();
    private static final Map<String, String> ONE_DEVICE = Map.of("clocktower.devices.vm0.labels.role", "abused");
    static final long CLOSED_MS = 1_000;
    private static final int MESSAGES = 50;

    private AttackList() {}

    static List<Attack> all() {
        return List.of(new Attack("regions", AS_IT_IS, ONE_DEVICE, AttackList::regions),
                new Attack("alarmq", AS_IT_IS, ONE_DEVICE, AttackList::alarmq),
                new Attack("blocking call", AS_IT_IS, ONE_DEVICE, AttackList::blockingCall),
                new Attack("FUSE", AS_IT_IS, ONE_DEVICE, AttackList::fuse),
                new Attack("no reader", AS_IT_IS, ONE_DEVICE, AttackList::noReader),
                new Attack("addresses", AS_IT_IS, ONE_DEVICE, AttackList::addresses),
                new Attack("lists", List.of("env", "JDK_JAVA_OPTIONS=-Xmx128m"), ONE_DEVICE, HttpAttacks::lists),
                new Attack("untouched memory", AS_IT_IS, ONE_DEVICE, AttackList::untouched),
                new Attack("flood", List.of("bash", "-c", "exec \"$@\" > >(exec sleep 600)", "-"), ONE_DEVICE,
                        target -> connect(target, 20_000, 2_000)),
                new Attack("idle HTTP", List.of("bash", "-c", "ulimit -n 1500 && exec \"$@\"", "-"), ONE_DEVICE,
                        HttpAttacks::idle),
                new Attack("connections", AS_IT_IS, ONE_DEVICE, target -> connect(target, 100_000, Integer.MAX_VALUE)),
                new Attack("framing", AS_IT_IS, ONE_DEVICE, HttpAttacks::framing),
                new Attack("commands", AS_IT_IS, ONE_DEVICE, HttpAttacks::commands),
                new Attack("busy machine", AS_IT_IS, ONE_DEVICE, HttpAttacks::busy),
                new Attack("messages", AS_IT_IS, ONE_DEVICE, AttackList::messages),
                new Attack("descriptors", AS_IT_IS, ONE_DEVICE, AttackList::descriptors));
    }

    private static byte[] region(long guest, long bytes) {
        return payload(40).putLong(0).putLong(guest).putLong(bytes).putLong(guest).putLong(0).array();
    }

    private static byte[] table(long bytes) {
        return payload(40).putInt(1).putInt(0).putLong(0).putLong(bytes).putLong(0).putLong(0).array();
    }

    /** 129 front-ends add 508 regions each, as far as they are let, and all end at once. */
    private static void regions(Target target) throws Exception {
        List<FrontEnd> all = new ArrayList<>();
        try (var file = Libc.memfd(4096)) {
            for (int i = 1; i <= 129; i++) {
                target.create("greedy" + i);
                var frontEnd = new FrontEnd(target.socket("greedy" + i));
                all.add(frontEnd);
                frontEnd.negotiate(FrontEnd.VERSION_1);
                long added = 0;
                while (added < 508 && frontEnd.acknowledged(ADD_MEM_REG, region(++added << 20, 4096), file) == 0) {
                    // One more.
                }
            }
        }
        close(all);
    }

    static void close(List<? extends AutoCloseable> all) throws Exception {
        for (AutoCloseable one : all) {
            one.close();
        }
        Thread.sleep(CLOSED_MS);
    }

    /** 32,768 chains of 32,768 empty descriptors, and an alarm in the past. */
    private static void alarmq(Target target) throws Exception {
        int size = 32768;
        long features = Guest.FEATURES | Alarmq.F_ALARM;
        try (var guest = new Guest(target.socket(VM), features, 64, 0); var kick = Libc.eventFd()) {
            var alarmq = new SplitDriver(guest.memory(), size, true);
            guest.frontEnd().setRing(1, guest.memory(), alarmq, 0, kick, guest.call(), guest.err());
            GuestMemory memory = guest.memory();
            int head = alarmq.chain(Collections.nCopies(size, Piece.readable(memory.guestAddress(), 0)));
            for (int i = 0; i < size; i++) {
                alarmq.publish(head);
            }
            guest.keepAllocated();
            guest.request(Requests.setAlarm(0, 0, 1), 8);
            for (int i = 0; i < 50; i++) {
                Libc.addCount(kick, 1);
                Thread.sleep(100);
            }
        }
    }

    /** The call eventfd is made blocking again and its count filled, over and over. */
    private static void blockingCall(Target target) throws Exception {
        try (var guest = new Guest(target.socket(VM))) {
            var isOver = new AtomicBoolean();
            Thread attacker = Thread.ofPlatform().daemon().start(() -> {
                while (!isOver.get()) {
                    Libc.makeNonBlocking(guest.call());
                    Libc.readCount(guest.call());
                    Libc.tryAddCount(guest.call(), -2);
                    Libc.makeBlocking(guest.call());
                }
            });
            long free = guest.memory().allocate(0, 16);
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
            while (System.nanoTime() < endNs) {
                guest.memory().release(free);
                guest.offer(Requests.ofClock(Requests.READ, 1), new byte[16]);
                guest.requestq().wantNextUsed();
                guest.kick();
                while (!guest.requestq().hasUsed() && System.nanoTime() < endNs) {
                    Thread.onSpinWait();
                }
                guest.requestq().skipUsed();
                guest.requestq().forgetDescriptors();
            }
            isOver.set(true);
            attacker.join();
        }
    }

    private static void fuse(Target target) throws Exception {
        try (var fuse = SilentFuse.mount().orElseThrow(); Descriptor file = fuse.open()) {
            for (int i = 0; i < 50; i++) {
                try (var frontEnd = new FrontEnd(target.socket(VM))) {
                    frontEnd.negotiate(FrontEnd.VERSION_1);
                    frontEnd.acknowledged(SET_MEM_TABLE, table(1 << 16), file);
                } catch (IOException refused) {
                    // Too many of its files do not close.
                }
                Thread.sleep(20);
            }
            fuse.end();
        }
    }

    private static void noReader(Target target) throws Exception {
        for (int i = 0; i < 2_000; i++) {
            try (var frontEnd = new FrontEnd(target.socket(VM))) {
                frontEnd.send(i % 2 == 0 ? GET_VRING_BASE : GET_FEATURES, VERSION,
                        i % 2 == 0 ? FrontEnd.state(0, 0) : new byte[0]);
            } catch (IOException gone) {
                // The one before is still there.
            }
        }
        Thread.sleep(CLOSED_MS);
    }

    private static void addresses(Target target) throws Exception {
        try (var frontEnd = new FrontEnd(target.socket(VM)); var file = Libc.memfd(2 * TIB)) {
            frontEnd.negotiate(FrontEnd.VERSION_1);
            for (int i = 1; i <= 86; i++) {
                frontEnd.acknowledged(ADD_MEM_REG, region(i * 4 * TIB, 2 * TIB), file);
            }
        }
        Thread.sleep(CLOSED_MS);
    }

    /** 16,384 requests, spread over a memfd of 64 GiB of which no page was used before. */
    private static void untouched(Target target) throws Exception {
        long start = 4 * TIB;
        try (var guest = new Guest(target.socket(VM)); var sparse = Libc.memfd(64L << 30)) {
            guest.frontEnd().must(ADD_MEM_REG, region(start, 64L << 30), sparse);
            for (long page = 0; page < 32_768;) {
                for (int i = 0; i < 64; i++, page += 2) {
                    guest.requestq().publish(guest.requestq().chain(List.of(Piece.readable(start + (page << 19), 16),
                            Piece.writable(start + (page + 1 << 19), 16))));
                }
                guest.kick();
                Libc.awaitReadable(guest.call(), 1);
                guest.requestq().forgetDescriptors();
            }
        }
        Thread.sleep(CLOSED_MS);
    }

    private static void connect(Target target, int connections, int aSecond) throws Exception {
        long beganNs = System.nanoTime();
        for (int i = 0; i < connections; i++) {
            try (var frontEnd = new FrontEnd(target.socket(VM))) {
                frontEnd.askU64(GET_FEATURES);
            } catch (IOException refused) {
                // The one before is still there.
            }
            long aheadNs = i * (1_000_000_000L / aSecond) - (System.nanoTime() - beganNs);
            if (aheadNs > 0) {
                TimeUnit.NANOSECONDS.sleep(aheadNs);
            }
        }
        Thread.sleep(CLOSED_MS);
    }

    /** 1.3 million random messages. */
    private static void messages(Target target) throws Exception {
        var random = new Random(1);
        try (var memory = new GuestMemory(1 << 20, 0, 0)) {
            for (int sent = 0; sent < 1_300_000; sent += MESSAGES) {
                try (var frontEnd = new FrontEnd(target.socket(VM))) {
                    Noise.send(frontEnd, random, MESSAGES, memory);
                } catch (IOException closed) {
                    // It is not told what was wrong.
                }
            }
        }
        Thread.sleep(CLOSED_MS);
    }

    /** 3.2 million random descriptors, on split and packed rings. */
    private static void descriptors(Target target) throws Exception {
        var random = new Random(1);
        for (int made = 0; made < 3_200_000;) {
            int size = 1 << 4 + random.nextInt(12);
            long format = random.nextBoolean() ? FrontEnd.RING_PACKED : 0;
            try (var guest = new Guest(target.socket(VM), Guest.FEATURES | format, size, 0)) {
                for (int i = 0; i < 20; i++, made += size) {
                    Noise.fill(guest, random);
                    guest.kick();
                    Libc.awaitReadable(guest.err(), 1);
                    guest.frontEnd().ask(GET_VRING_BASE, FrontEnd.state(0, 0));
                    guest.frontEnd().setRing(0, guest.memory(), guest.ring(), guest.ring().base(), guest.kickFile(),
                            guest.call(), guest.err());
                }
            } catch (IOException late) {
                // The guest before is still there.
            }
        }
    }
}
