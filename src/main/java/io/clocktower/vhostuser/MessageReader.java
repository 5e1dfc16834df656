package io.clocktower.vhostuser;

import io.clocktower.linux.MessageSocket;

/**
 * Puts a message together from what arrives, however it is cut. It never reads past the message's end, so that the
 * descriptors it receives are that message's.
 */
final class MessageReader {

    /** How far {@link #read} has come. */
    enum Progress {
        /** The message is there. */
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

    /**
     * Reads on. After a complete message the next one begins, in the same memory.
     *
     * @throws ProtocolException if the header is such that nothing after it can be understood
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
            // Each byte of a message may bring hundreds of them.
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
