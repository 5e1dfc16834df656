package io.clocktower.hosted;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.clock.ClockSpec;
import io.clocktower.clock.ClockType;
import io.clocktower.clock.Smearing;
import io.clocktower.rtc.AlarmStatus;
import io.clocktower.vhostuser.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class GuestStateTest {

    private static final ClockSpec SMEARED = new ClockSpec(ClockType.UTC_SMEARED, Smearing.UTC_SLS, true);
    private static final ClockSpec MONOTONIC = new ClockSpec(ClockType.MONOTONIC, Smearing.UNSPECIFIED, false);
    private static final AlarmStatus ALARM = new AlarmStatus(0, 0x8123_4567_89ab_cdefL, true, false, true, 3, 2, 1);
    private static final GuestState STATE = new GuestState(List.of(GuestState.OfClock.of(SMEARED, ALARM, 0),
            GuestState.OfClock.of(MONOTONIC, null, 0x1122_3344_5566_7788L)));
    /** What this release writes, and each later one that has the same version must read. */
    private static final byte[] GOLDEN = HexFormat.of().parseHex("636c6b746f776572" + "01000000" + "02000000"
            + "03020b0000000000" + "efcdab8967452381" + "0000000000000000"
            + "0200000000000000" + "0000000000000000" + "8877665544332211" + "92842499");

    @Test
    void itsBytesAreAsTheyAreDocumented() throws Exception {
        assertArrayEquals(GOLDEN, STATE.encode());
        assertEquals(STATE, GuestState.decode(GOLDEN));
    }

    @Test
    void anAlarmGoesOnWithTheCountsOfTheDeviceThatTakesIt() throws Exception {
        GuestState.OfClock clock = GuestState.decode(STATE.encode()).clocks().getFirst();
        assertEquals(new AlarmStatus(0, ALARM.timeNs(), true, false, true, 30, 20, 10),
                clock.alarm(new AlarmStatus(0, 5, false, true, false, 30, 20, 10)));
    }

    @Test
    void theLargestDeviceFitsIntoOneTransfer() {
        var clock = GuestState.OfClock.of(SMEARED, ALARM, 0);
        int bytes = new GuestState(IntStream.range(0, 64).mapToObj(_ -> clock).toList()).encode().length;
        assertTrue(bytes <= 4096, () -> bytes + " bytes");
    }

    @Test
    void aStateThatIsTornAtAnyByteIsRefused() {
        for (int bytes = 0; bytes < GOLDEN.length; bytes++) {
            assertRefused(Arrays.copyOf(GOLDEN, bytes));
        }
        assertRefused(Arrays.copyOf(GOLDEN, GOLDEN.length + 1));
    }

    @Test
    void aStateWithAnyBitChangedIsRefused() {
        for (int bit = 0; bit < GOLDEN.length * Byte.SIZE; bit++) {
            byte[] changed = GOLDEN.clone();
            changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            assertRefused(changed);
        }
    }

    /** The errors that a right checksum does not find. */
    @Test
    void aStateThatThisReleaseDoesNotWriteIsRefused() {
        assertEquals("the state of another kind of device", refusal(bytes -> bytes.put(0, (byte) 'C')));
        assertEquals("a state of version 2, expected 1: another release of Clocktower wrote it",
                refusal(bytes -> bytes.putInt(8, 2)));
        assertEquals("a state of 3 clocks in 68 bytes", refusal(bytes -> bytes.putInt(12, 3)));
        assertEquals("a state of 4294967295 clocks in 68 bytes", refusal(bytes -> bytes.putInt(12, -1)));
        assertEquals("clock 0 of the state is not valid", refusal(bytes -> bytes.put(18, (byte) 0x1b)));
        assertEquals("clock 0 of the state is not valid", refusal(bytes -> bytes.put(19, (byte) 1)));
        assertEquals("clock 1 of the state is not valid", refusal(bytes -> bytes.put(47, (byte) 1)));
        assertEquals("clock 1 of the state is not valid", refusal(bytes -> bytes.put(42, (byte) 2)));
        assertEquals("clock 1 of the state is not valid", refusal(bytes -> bytes.putLong(48, 1)));
    }

    private static String refusal(Consumer<ByteBuffer> change) {
        byte[] changed = GOLDEN.clone();
        ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        change.accept(bytes);
        var sum = new CRC32C();
        sum.update(changed, 0, changed.length - 4);
        bytes.putInt(changed.length - 4, (int) sum.getValue());
        return assertRefused(changed);
    }

    private static String assertRefused(byte[] bytes) {
        return assertThrows(ProtocolException.class, () -> GuestState.decode(bytes)).getMessage();
    }
}
