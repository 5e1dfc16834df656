package io.clocktower.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {

    private final List<Integer> taken = new ArrayList<>();

    private Closing.Step step(int number, Throwable thrown) {
        return () -> {
            taken.add(number);
            switch (thrown) {
                case null -> {
                }
                case Error error -> throw error;
                case Exception exception -> throw exception;
                default -> throw new AssertionError(thrown);
            }
        };
    }

    @Test
    void everyStepIsTakenWhateverTheOthersThrow() {
        var first = new IOException("first");
        var second = new OutOfMemoryError("second");

        var failure = assertThrows(IllegalStateException.class,
                () -> Closing.all(step(1, null), step(2, first), step(3, second), step(4, null)));

        assertEquals(List.of(1, 2, 3, 4), taken);
        assertSame(first, failure.getCause());
        assertSame(second, first.getSuppressed()[0]);
    }

    @Test
    void stepsThatSucceedThrowNothing() {
        Closing.all(step(1, null), step(2, null));
        assertEquals(List.of(1, 2), taken);
    }
}
