package io.clocktower.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What others say begins no line of its own. */
class OneLineTest {

    @Test
    void whatIsNotPrintableIsNotPrinted() {
        assertEquals("a?b??c?[31m Zoë null?", OneLine.of("a\nb\r\tc\u001b[31m Zoë null\u202e"));
        assertEquals("null", OneLine.of(null));
    }

    @Test
    void aLongOneIsCut() {
        assertEquals("x".repeat(200) + "...", OneLine.of("x".repeat(201)));
        assertEquals("x".repeat(200), OneLine.of("x".repeat(200)));
    }
}
