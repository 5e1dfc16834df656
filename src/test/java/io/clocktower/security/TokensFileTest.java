package io.clocktower.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.clocktower.config.ClocktowerConfig.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a tokens file says, and what is said of one that is wrong. */
class TokensFileTest {

    private static final String A = "a".repeat(64);
    private static final String B = "B0".repeat(32);

    @TempDir
    private Path directory;

    private TokensFile file(String content) throws Exception {
        return new TokensFile(Files.writeString(directory.resolve("tokens"), content));
    }

    @Test
    void aLineIsAToken() throws Exception {
        List<Token> tokens = file("# ours\n\nann operator " + A + "\n\t bob\tviewer  " + B + " # of June\r\n")
                .read(List.of());

        assertEquals(List.of(new Token("ann", Role.OPERATOR, Token.Hash.parse(A).orElseThrow()),
                new Token("bob", Role.VIEWER, Token.Hash.parse(B.toLowerCase()).orElseThrow())), tokens);
    }

    @Test
    void onlyCommentsAreNoTokensOnPurpose() throws Exception {
        assertEquals(List.of(), file("# nobody\n").read(List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ann operator", "ann operator aa", "ann king HASH", "ann OPERATOR HASH",
            "ann operator HASHa", "ann operator HASH x", "an/n operator HASH", "anonymous viewer HASH",
            "ann operator HAS#", "s3cret"})
    void aLineThatIsNoneIsNamedAndNotShown(String line) throws Exception {
        TokensFile file = file("# x\n" + line.replace("HASH", A) + "\n");

        String message = assertThrows(TokensFile.InvalidException.class, () -> file.read(List.of())).getMessage();

        assertTrue(message.startsWith("line 2: expected a name"), message);
        assertFalse(message.contains("s3cret") || message.contains(A), message);
    }

    @Test
    void namesAndHashesAreOnesOwn() throws Exception {
        var ann = new Token("ann", Role.VIEWER, Token.Hash.parse(A).orElseThrow());

        refused("line 2: the name bob occurs twice", "bob viewer " + A + "\nbob viewer " + B, List.of());
        refused("line 2: another token has the same SHA-256", "bob viewer " + A + "\ncid viewer " + A, List.of());
        refused("line 1: the name ann occurs twice", "ann viewer " + B, List.of(ann));
        refused("line 1: another token has the same SHA-256", "bob viewer " + A, List.of(ann));
    }

    @Test
    void aFileThatCannotBeReadSaysWhy() throws Exception {
        refused("line 1: is empty", "", List.of());
        assertEquals("is not a file", assertThrows(TokensFile.InvalidException.class,
                () -> new TokensFile(directory).read(List.of())).getMessage());
        assertEquals("does not exist", assertThrows(TokensFile.InvalidException.class,
                () -> new TokensFile(directory.resolve("none")).read(List.of())).getMessage());
        refused("has more than", "#".repeat((1 << 20) + 1), List.of());
        Path binary = Files.write(directory.resolve("binary"), new byte[]{(byte) 0xff, (byte) 0xfe, 10});
        assertEquals("is not text in UTF-8", assertThrows(TokensFile.InvalidException.class,
                () -> new TokensFile(binary).read(List.of())).getMessage());
    }

    private void refused(String message, String content, List<Token> others) throws Exception {
        TokensFile file = file(content);
        String actual = assertThrows(TokensFile.InvalidException.class, () -> file.read(others)).getMessage();
        assertTrue(actual.startsWith(message), actual);
    }

    @Test
    void aChangeOfTheFileIsAnotherVersion() throws Exception {
        TokensFile file = file("# 1\n");
        Object first = file.version();
        assertEquals(first, file.version());

        Files.writeString(file.path(), "# 22\n");
        Object second = file.version();
        assertNotEquals(first, second);

        Files.delete(file.path());
        assertNotEquals(second, file.version());
    }

    @Test
    void whoElseCanReadItIsSeen() throws Exception {
        TokensFile file = file("# 1\n");
        Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-r--r--"));
        assertTrue(file.isForAll());
        Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-r-----"));
        assertFalse(file.isForAll());
    }
}
