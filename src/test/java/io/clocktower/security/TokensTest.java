package io.clocktower.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.config.ClocktowerConfig;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose token it is: the configuration's, or its file's as that is now. */
class TokensTest {

    private static final String TOKENS = "clocktower.auth.tokens.";

    @TempDir
    private Path directory;

    private static Tokens tokens(Map<String, String> properties) {
        return new Tokens(new SmallRyeConfigBuilder().withMapping(ClocktowerConfig.class)
                .withSources(new PropertiesConfigSource(properties, "test", 100)).build()
                .getConfigMapping(ClocktowerConfig.class).auth());
    }

    private static String sha256(String token) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    }

    private static String owner(Tokens tokens, String bearer) {
        return tokens.find(bearer).map(token -> token.name() + " " + token.role()).orElse("nobody");
    }

    @Test
    void aTokenIsItsHash() throws Exception {
        Tokens tokens = tokens(Map.of(TOKENS + "ann.sha256", sha256("one"), TOKENS + "ann.role", "operator",
                TOKENS + "bob.sha256", sha256("zwölf"), TOKENS + "bob.role", "viewer"));

        assertEquals(List.of(), tokens.errors());
        assertEquals("ann OPERATOR", owner(tokens, "one"));
        String asInAHeader = new String("zwölf".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertEquals("bob VIEWER", owner(tokens, asInAHeader));
        for (String other : List.of("", "One", "on", "one ", sha256("one"))) {
            assertEquals("nobody", owner(tokens, other));
        }
    }

    @Test
    void whatIsWrongIsSaidAndNotShown() throws Exception {
        Tokens tokens = tokens(Map.of(TOKENS + "a.sha256", "s3cret", TOKENS + "a.role", "viewer", TOKENS + "b.sha256",
                sha256("x"), TOKENS + "b.role", "viewer", TOKENS + "c.sha256", sha256("x"), TOKENS + "c.role", "viewer",
                TOKENS + "anonymous.sha256", sha256("y"), TOKENS + "anonymous.role", "viewer"));

        assertEquals(List.of(TOKENS + "a.sha256: (not shown), expected the 64 hex digits of a SHA-256",
                TOKENS + "anonymous: invalid name, expected 1 to 63 letters, digits, '.', '_' and '-'",
                TOKENS + "c.sha256: (not shown) is also the value of " + TOKENS
                        + "b, expected a different one for each token"),
                tokens.errors());
        assertFalse(tokens.find("x").orElseThrow().toString().contains(sha256("x")));
    }

    @Test
    void theFileIsReadAgainWhenItChangesAndAWrongOneChangesNothing() throws Exception {
        Path file = directory.resolve("tokens");
        Files.writeString(file, "bob viewer " + sha256("two") + "\n");
        Map<String, String> properties = new HashMap<>(Map.of(TOKENS + "ann.sha256", sha256("one"),
                TOKENS + "ann.role", "operator", "clocktower.auth.tokens-file", file.toString()));
        Tokens tokens = tokens(properties);
        assertEquals(2, tokens.count());

        Files.writeString(file, "bob viewer " + sha256("three").substring(1) + "\n");
        tokens.refresh();
        assertEquals("bob VIEWER", owner(tokens, "two"));

        Files.writeString(file, "bob operator " + sha256("three") + "\n");
        tokens.refresh();
        assertEquals("nobody", owner(tokens, "two"));
        assertEquals("bob OPERATOR", owner(tokens, "three"));
        assertEquals("ann OPERATOR", owner(tokens, "one"));

        Files.delete(file);
        tokens.refresh();
        assertEquals("bob OPERATOR", owner(tokens, "three"));
        assertTrue(tokens.hasFile());
    }
}
