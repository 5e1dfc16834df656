package io.clocktower.cli;

/** A call was refused or had no answer. The message is a sentence for whoever runs the command. */
final class CallException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CallException(String message) {
        super(message);
    }
}
