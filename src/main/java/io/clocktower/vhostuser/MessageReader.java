package io.clocktower.vhostuser;

import io.clocktower.linux.Fields;
import io.clocktower.linux.MessageSocket;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts a message together from the parts that arrive. It never reads past the message's end, so the descriptors that it
 * receives belong to that message.
 */
final class MessageReader {

    /** What {@link #read} has reached. */
    enum Progress {
        /** The message is complete. */
        COMPLETE,
        /** More of it has to arrive. */
        INCOMPLETE,
        /** The front-end has closed the connection. */
        END
    }

    private final MessageSocket socket;
    private final Message message;
    private int received;

    MessageReader(MessageSocket socket, Message message) {
        this.socket = socket;
        this.message = message;
    }

    /** Whether a message has begun and is not complete. */
    boolean isInMessage() {
        return received > 0;
    }

    /** What has come of a message that is not complete. */
    FrontEndState.Received received() {
        List<Byte> bytes = new ArrayList<>();
        for (int i = 0; i < received; i++) {
            bytes.add(Fields.i8(message.bytes(), i));
        }
        return new FrontEndState.Received(bytes, List.copyOf(message.descriptors()));
    }

    /**
     * Goes on inside a message that another connection began to read, and takes its descriptors.
     *
     * @throws ProtocolException if that is more than the beginning of a message
     */
    void restore(FrontEndState.Received before) throws ProtocolException {
        int size = before.bytes().size();
        if (size > message.bytes().byteSize() || before.descriptors().size() > Message.MAX_DESCRIPTORS) {
            throw new ProtocolException("%d bytes and %d descriptors of a message".formatted(size,
                    before.descriptors().size()));
        }
        received = size;
        for (int i = 0; i < received; i++) {
            Fields.setI8(message.bytes(), i, before.bytes().get(i));
        }
        if (received > Message.HEADER_BYTES && received > Message.HEADER_BYTES + checkedPayloadBytes()) {
            throw new ProtocolException("%d bytes of a message are more than it has".formatted(size));
        }
        before.descriptors().forEach(descriptor -> message.descriptors().add(descriptor.move()));
    }

    /**
     * Continues to read. After a complete message the next one begins, in the same memory.
     *
     * @throws ProtocolException if the header is invalid, so that the end of the message is unknown
     */
    Progress read() throws ProtocolException {
        while (true) {
            int wanted = Message.HEADER_BYTES;
            if (received >= Message.HEADER_BYTES) {
                wanted += checkedPayloadBytes();
            }
            if (received == wanted && received >= Message.HEADER_BYTES) {
                received = 0;
                return Progress.COMPLETE;
            }
            int count = socket.receive(message.bytes().asSlice(received, wanted - received), message.descriptors());
            // Each byte of a message may bring more.
            message.closeSurplusDescriptors();
            if (count == MessageSocket.NOTHING) {
                return Progress.INCOMPLETE;
            }
            if (count == MessageSocket.END) {
                return Progress.END;
            }
            received += count;
        }
    }

    private int checkedPayloadBytes() throws ProtocolException {
        int version = message.flags() & Message.VERSION_MASK;
        if (version != Message.VERSION) {
            throw new ProtocolException("message of version %d, expected %d".formatted(version, Message.VERSION));
        }
        int size = message.payloadBytes();
        if (size < 0 || size > Message.MAX_PAYLOAD_BYTES) {
            throw new ProtocolException("message of %s bytes, expected at most %d"
                    .formatted(Integer.toUnsignedString(size), Message.MAX_PAYLOAD_BYTES));
        }
        return size;
    }
}
