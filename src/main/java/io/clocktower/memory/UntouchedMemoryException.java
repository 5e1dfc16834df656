package io.clocktower.memory;

/** A guest made the device touch more pages than allowed that the guest itself never touched: see {@link FirstTouches}. */
public final class UntouchedMemoryException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UntouchedMemoryException() {
        super("more than %d pages in rings or buffers that the guest never touched".formatted(FirstTouches.MAX_PAGES),
                null, false, false);
    }
}
