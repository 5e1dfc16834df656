package io.clocktower.handover;

import io.clocktower.device.OpenDescriptors;
import io.clocktower.fuzz.Choices;
import io.clocktower.linux.AnonymousFile;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.PassingSocket;
import io.clocktower.linux.UnixSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What waits in a socket of the descriptor store: records, or any bytes, with descriptors. Either a connection goes on from it, or it
 * is refused with a reason. No descriptor is left open.
 */
public final class KeptConnectionFuzz {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int PAGE_BYTES = 4096;
    private static final int MAX_PIECE = 0x1_0000;
    private static final Setting SETTING = new Setting();

    private KeptConnectionFuzz() {}

    private static final class Setting {

        private final Passed passed;
        private final Descriptor page;
        private final long descriptors;

        private Setting() {
            try {
                passed = new Passed();
                page = new AnonymousFile("page", new byte[PAGE_BYTES]).descriptor();
                descriptors = OpenDescriptors.settled();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** The first byte says what follows: one record, or pieces of bytes with descriptors. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        var choices = new Choices(input);
        List<Descriptor> pair = UnixSocket.pair();
        if (choices.u8() % 2 == 0) {
            try (var writer = new Link(pair.getLast().duplicate())) {
                List<Descriptor> files = new ArrayList<>(SETTING.passed.all());
                files.add(pair.getLast());
                files.add(SETTING.page);
                writer.sendRecord(choices.rest(), files, PATIENCE);
            }
        } else {
            try (var writer = new PassingSocket(pair.getLast().duplicate())) {
                while (!choices.isEmpty()) {
                    sendPiece(choices, writer);
                }
            }
        }
        pair.getLast().close();
        open(pair.getFirst());
        OpenDescriptors.await(SETTING.descriptors);
    }

    private static void sendPiece(Choices choices, PassingSocket writer) throws IOException {
        List<Descriptor> files = new ArrayList<>();
        for (int i = choices.below(10); i > 0; i--) {
            int place = choices.below(1 + SETTING.passed.all().size());
            files.add(place == 0 ? SETTING.page : SETTING.passed.all().get(place - 1));
        }
        byte[] bytes = choices.bytes(choices.below(MAX_PIECE));
        writer.send(bytes, bytes.length == 0 ? List.of() : files, PATIENCE);
    }

    private static void open(Descriptor socket) {
        List<String> why = new ArrayList<>();
        Optional<KeptFiles.Left> left = KeptFiles.open(socket, why);
        if (left.isEmpty() && (why.size() != 1 || why.getFirst() == null)) {
            throw new AssertionError("it is not said why: " + why);
        }
        left.ifPresent(found -> {
            found.connection().frontEnd().close();
            found.files().close();
        });
    }
}
