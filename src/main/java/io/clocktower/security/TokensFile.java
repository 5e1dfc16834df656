package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig.Role;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A file of bearer tokens: one per line, with name, role and SHA-256 in hexadecimal, separated by blanks. {@code #} begins a
 * comment.
 */
record TokensFile(Path path) {

    private static final int MAX_BYTES = 1 << 20;
    private static final String EXPECTED = "expected a name, viewer or operator, and the 64 hex digits of a SHA-256";

    /** Why a file is invalid. Shows nothing of its content. */
    static final class InvalidException extends Exception {

        private static final long serialVersionUID = 1L;

        InvalidException(String message) {
            super(message);
        }
    }

    /** A value that changes whenever the file changes or is replaced. */
    Object version() {
        try {
            return Map.copyOf(Files.readAttributes(path, "unix:ctime,lastModifiedTime,size,ino,dev"));
        } catch (IOException | UnsupportedOperationException e) {
            return e.getClass();
        }
    }

    /** Whether users other than its owner and group can read it. */
    boolean isForAll() {
        try {
            return Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException | UnsupportedOperationException _) {
            return false;
        }
    }

    /**
     * Reads the whole file.
     *
     * @param others other known tokens, whose names and hashes must not occur in the file
     */
    List<Token> read(Collection<Token> others) throws InvalidException {
        return parse(lines(), others);
    }

    /**
     * Reads the lines of a file.
     *
     * @param others other known tokens, whose names and hashes must not occur in the lines
     */
    static List<Token> parse(List<String> lines, Collection<Token> others) throws InvalidException {
        List<Token> tokens = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<Token.Hash> hashes = new ArrayList<>();
        others.forEach(other -> {
            names.add(other.name());
            hashes.add(other.hash());
        });
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("#.*", "").strip();
            if (line.isEmpty()) {
                continue;
            }
            Token token = token(line, i + 1);
            if (!names.add(token.name())) {
                throw new InvalidException("line %d: the name %s occurs twice".formatted(i + 1, token.name()));
            }
            if (hashes.contains(token.hash())) {
                throw new InvalidException("line %d: another token has the same SHA-256".formatted(i + 1));
            }
            hashes.add(token.hash());
            tokens.add(token);
        }
        return List.copyOf(tokens);
    }

    private static Token token(String line, int number) throws InvalidException {
        String[] words = line.split("\\s+");
        if (words.length == 3 && Token.isName(words[0]) && words[1].matches("viewer|operator")) {
            Role role = Role.valueOf(words[1].toUpperCase(Locale.ROOT));
            var hash = Token.Hash.parse(words[2]);
            if (hash.isPresent()) {
                return new Token(words[0], role, hash.get());
            }
        }
        throw new InvalidException("line %d: %s".formatted(number, EXPECTED));
    }

    /** An empty file is invalid: it is probably being written. A file without tokens needs a comment. */
    private List<String> lines() throws InvalidException {
        try {
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw new InvalidException("is not a file");
            }
            if (Files.size(path) > MAX_BYTES) {
                throw new InvalidException("has more than %d bytes".formatted(MAX_BYTES));
            }
            List<String> lines = Files.readAllLines(path);
            if (lines.isEmpty()) {
                throw new InvalidException("line 1: is empty, " + EXPECTED);
            }
            return lines;
        } catch (NoSuchFileException _) {
            throw new InvalidException("does not exist");
        } catch (AccessDeniedException _) {
            throw new InvalidException("cannot be read: permission denied");
        } catch (CharacterCodingException _) {
            throw new InvalidException("is not text in UTF-8");
        } catch (IOException e) {
            throw new InvalidException("cannot be read: " + e.getMessage());
        }
    }
}
