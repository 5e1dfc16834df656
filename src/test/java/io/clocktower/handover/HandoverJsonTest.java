package io.clocktower.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.hosted.KeptConnection;
import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import io.clocktower.vhostuser.FrontEndState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records that cannot be read leave no descriptor behind. */
class HandoverJsonTest {

    private Passed passed;
    private String recorded;
    private long before;

    @BeforeEach
    void open() throws IOException {
        passed = new Passed();
        try (var resource = getClass().getResourceAsStream("/handover/format-1.json")) {
            recorded = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
        HandoverJson.read(bytes(recorded), passed.duplicates()).close();
        before = descriptors();
    }

    @AfterEach
    void close() {
        passed.close();
    }

    private static byte[] bytes(String json) {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private void assertRefused(byte[] json) throws IOException {
        assertThrows(IOException.class, () -> HandoverJson.read(json, passed.duplicates()));
        assertEquals(before, descriptors());
    }

    @Test
    void aRecordHasADuplicateOfEachDescriptorThatItNames() throws Exception {
        HandoverRecord record = HandoverJson.read(bytes(recorded), passed.duplicates());
        assertEquals(6, record.descriptors().size());
        assertEquals(before + 6, descriptors());
        record.close();
        assertEquals(before, descriptors());
    }

    @Test
    void aRecordThatIsCutAnywhereIsRefused() throws Exception {
        byte[] whole = bytes(recorded);
        for (int length = 0; length < whole.length; length += 7) {
            assertRefused(Arrays.copyOf(whole, length));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {"\"err\":5|\"err\":8", "\"err\":5|\"err\":-1",
            "\"err\":5|\"err\":\"five\"", "\"kick\":3|\"kick\":3,\"kick\":4", "\"socket\":1|\"socket\":null",
            "\"socket\":1,|", "\"status\":15|\"status\":null", "\"regions\":[|\"regions\":[null,",
            "\"file\":2|\"file\":null", "\"removed\":[]|\"removed\":null", "\"counts\":{|\"counts\":null,\"others\":{",
            "\"parts\":{}|\"parts\":null", "\"reads\":[0,2|\"reads\":[null,2"})
    void aRecordThatIsNotWholeIsRefused(String from, String to) throws Exception {
        assertTrue(recorded.contains(from), from);
        assertRefused(bytes(recorded.replace(from, to == null ? "" : to)));
    }

    @Test
    void nullIsNoRecord() throws Exception {
        assertRefused(bytes("null"));
    }

    @Test
    void aConnectionThatIsNotWholeIsRefused() throws Exception {
        HandoverRecord record = HandoverJson.read(bytes(recorded), passed.duplicates());
        FrontEndState frontEnd = record.devices().getFirst().frontEnd().orElseThrow();
        var kept = new KeptConnection(ClockSpec.DEFAULTS, frontEnd, Optional.empty());
        HandoverJson.Written written = HandoverJson
                .writeKept(new KeptRecord(KeptRecord.FORMAT, 0, kept.clocks(), kept.frontEnd(), kept.counter()));
        List<Descriptor> named = written.descriptors();
        for (int length = 0; length < written.json().length; length += 7) {
            byte[] cut = Arrays.copyOf(written.json(), length);
            assertThrows(IOException.class,
                    () -> HandoverJson.readKept(cut, named.stream().map(Descriptor::duplicate).toList()));
        }
        record.close();
        assertEquals(before, descriptors());
    }

    /** As a process does that has no descriptor left. */
    @Test
    void aConnectionThatCannotBeDuplicatedWholeIsNotDuplicated() throws Exception {
        HandoverRecord record = HandoverJson.read(bytes(recorded), passed.duplicates());
        FrontEndState frontEnd = record.devices().getFirst().frontEnd().orElseThrow();
        frontEnd.rings().getFirst().err().close();
        long without = descriptors();
        assertThrows(LinuxException.class, frontEnd::duplicate);
        assertEquals(without, descriptors());
        record.close();
    }
}
