package io.clocktower.kubevirt;

/** A hook cannot do what is asked. The message is what the user reads in the status of the virtual machine. */
final class HookException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    HookException(String message, Object... values) {
        super(values.length == 0 ? message : message.formatted(values));
    }
}
