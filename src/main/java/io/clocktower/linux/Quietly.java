package io.clocktower.linux;

/** Closes what is no longer needed, and ignores what that throws. */
public final class Quietly {

    private Quietly() {}

    /**
     * @param closeable null for nothing
     */
    public static void close(AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            // It is no longer needed.
        }
    }
}
