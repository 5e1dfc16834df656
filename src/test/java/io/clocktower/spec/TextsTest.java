package io.clocktower.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TextsTest {

    @Test
    void textOfAnotherPartyNeitherBeginsALineNorCommandsATerminal() {
        assertEquals("a\\u000ab\\u000d\\u0009c\\u001b[31m Zoë\\u202e", Texts.shown("a\nb\r\tc\u001b[31m Zoë\u202e"));
        assertEquals("\"a\\u000ab\"", Texts.quoted("a\nb"));
    }

    @Test
    void aLongTextIsCut() {
        assertEquals("x".repeat(80) + "…", Texts.shown("x".repeat(81)));
        assertEquals("x".repeat(80), Texts.shown("x".repeat(80)));
        assertEquals("x".repeat(200) + "…", Texts.shown("x".repeat(201), 200));
    }
}
