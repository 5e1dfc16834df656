package io.clocktower.loop;

/**
 * Has the JVM start at once what it starts on the first use of virtual threads. Where memory is short later, the class would
 * fail to initialize, and stay broken until the process ends.
 */
public final class EarlyThreads {

    private EarlyThreads() {}

    /** Runs a virtual thread that also waits once, so that the thread that ends such waits is there. */
    public static void start() {
        Thread virtual = Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            virtual.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
