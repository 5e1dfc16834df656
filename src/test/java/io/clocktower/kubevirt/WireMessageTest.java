package io.clocktower.kubevirt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bytes are those of the Protocol Buffers encoding: key {@code number << 3 | type}, then a varint, or length and bytes. */
class WireMessageTest {

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    @Test
    void eachKindOfFieldHasItsBytes() {
        assertArrayEquals(bytes("0a0361c3bc" + "1000" + "10ac02" + "1a0408011a00"),
                new WireMessage().with(1, "aü").with(2, 0).with(2, 300)
                        .with(3, new WireMessage().with(1, 1).with(3, new byte[0])).encoded());
        assertArrayEquals(bytes("10ffffffffffffffffff01"), new WireMessage().with(2, -1).encoded());
        assertArrayEquals(bytes("8a01" + "c801" + "00".repeat(200)),
                new WireMessage().with(17, new byte[200]).encoded());
    }

    @Test
    void unknownFieldsAreSkippedAndTheLastValueCounts() {
        WireMessage message = WireMessage
                .decoded(bytes("0a0161" + "3805" + "2d01020304" + "310102030405060708" + "0a0162"));

        assertEquals("b", message.text(1));
        assertEquals(2, message.all(1).size());
        assertEquals("", message.text(9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0a", "0a05", "0aff", "0affffffffffffffff7f", "0affffffffffffffffff01",
            "10ffffffffffffffffffffff",
            "0b", "2d0102", "0f"})
    void whatIsCutOrNotAnEncodingIsRefused(String hex) {
        assertEquals(Status.Code.INVALID_ARGUMENT, assertThrows(StatusRuntimeException.class,
                () -> WireMessage.decoded(bytes(hex))).getStatus().getCode());
    }
}
