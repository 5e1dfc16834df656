package io.clocktower.kubevirt;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A message in the encoding of Protocol Buffers: fields with a number, each a varint or bytes. That is all that the messages
 * of KubeVirt's hooks need. The last value of a field counts; fields that are not asked for are skipped, as newer versions of
 * KubeVirt may have more. Not thread-safe.
 */
final class WireMessage {

    static final MethodDescriptor.Marshaller<WireMessage> MARSHALLER = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(WireMessage message) {
            return new ByteArrayInputStream(message.encoded());
        }

        @Override
        public WireMessage parse(InputStream stream) {
            try {
                return decoded(stream.readAllBytes());
            } catch (IOException e) {
                throw Status.INTERNAL.withDescription("cannot read the message").withCause(e).asRuntimeException();
            }
        }
    };

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int MAX_VARINT_BITS = 64;

    private final List<Field> fields = new ArrayList<>();

    /** Its value is a varint, or bytes. */
    private record Field(int number, long varint, byte[] bytes) {}

    WireMessage with(int number, byte[] value) {
        fields.add(new Field(number, 0, value));
        return this;
    }

    WireMessage with(int number, String value) {
        return with(number, value.getBytes(StandardCharsets.UTF_8));
    }

    WireMessage with(int number, WireMessage value) {
        return with(number, value.encoded());
    }

    WireMessage with(int number, long value) {
        fields.add(new Field(number, value, null));
        return this;
    }

    /** The value of a field; empty if it is not there. */
    byte[] bytes(int number) {
        return all(number).stream().reduce((_, last) -> last).orElse(new byte[0]);
    }

    /** All values of a field. */
    List<byte[]> all(int number) {
        return fields.stream().filter(field -> field.number() == number && field.bytes() != null).map(Field::bytes)
                .toList();
    }

    String text(int number) {
        return new String(bytes(number), StandardCharsets.UTF_8);
    }

    byte[] encoded() {
        var out = new ByteArrayOutputStream();
        for (Field field : fields) {
            boolean isBytes = field.bytes() != null;
            writeVarint(out, (long) field.number() << 3 | (isBytes ? BYTES : VARINT));
            writeVarint(out, isBytes ? field.bytes().length : field.varint());
            if (isBytes) {
                out.writeBytes(field.bytes());
            }
        }
        return out.toByteArray();
    }

    private static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    /** Reads a message; one that is not encoded as it has to be fails the call with INVALID_ARGUMENT. */
    static WireMessage decoded(byte[] bytes) {
        var message = new WireMessage();
        var reader = new Reader(bytes);
        while (reader.at < bytes.length) {
            long key = reader.varint();
            int number = (int) (key >>> 3);
            switch ((int) key & 7) {
                case VARINT -> message.with(number, reader.varint());
                case FIXED64 -> reader.bytes(Long.BYTES);
                case BYTES -> message.with(number, reader.bytes(reader.varint()));
                case FIXED32 -> reader.bytes(Integer.BYTES);
                default -> throw malformed();
            }
        }
        return message;
    }

    private static final class Reader {

        private final byte[] bytes;
        private int at;

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        long varint() {
            long value = 0;
            for (int shift = 0; shift < MAX_VARINT_BITS; shift += 7) {
                if (at == bytes.length) {
                    throw malformed();
                }
                byte next = bytes[at++];
                value |= (long) (next & 0x7F) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw malformed();
        }

        byte[] bytes(long length) {
            if (length < 0 || length > bytes.length - at) {
                throw malformed();
            }
            byte[] value = Arrays.copyOfRange(bytes, at, at + (int) length);
            at += (int) length;
            return value;
        }
    }

    private static RuntimeException malformed() {
        return Status.INVALID_ARGUMENT.withDescription("the message is not a valid Protocol Buffer")
                .asRuntimeException();
    }
}
