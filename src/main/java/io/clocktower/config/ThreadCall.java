package io.clocktower.config;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;

/** A call that another thread makes while this one waits. */
final class ThreadCall {

    private ThreadCall() {}

    static <T> T await(ExecutorService thread, Callable<T> call) throws IOException {
        try {
            return thread.submit(call).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                default -> throw new IllegalStateException(e.getCause());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the thread was interrupted", e);
        }
    }
}
