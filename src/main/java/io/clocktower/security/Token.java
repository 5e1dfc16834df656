package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig.Role;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A bearer token that is known by its hash.
 *
 * @param name of who has it
 */
record Token(String name, Role role, Hash hash) {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

    /** A SHA-256. Compared in a time that does not tell how much of it is right, and never shown. */
    static final class Hash {

        private static final Pattern HEX = Pattern.compile("[0-9A-Fa-f]{64}");

        private final byte[] bytes;

        private Hash(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Empty where that is no SHA-256. */
        static Optional<Hash> parse(String hex) {
            return HEX.matcher(hex).matches()
                    ? Optional.of(new Hash(HexFormat.of().parseHex(hex)))
                    : Optional.empty();
        }

        /**
         * @param token as the header has it: a character for each byte
         */
        static Hash of(String token) {
            try {
                return new Hash(MessageDigest.getInstance("SHA-256")
                        .digest(token.getBytes(StandardCharsets.ISO_8859_1)));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Hash hash && MessageDigest.isEqual(bytes, hash.bytes);
        }

        @Override
        public int hashCode() {
            return 0;
        }

        @Override
        public String toString() {
            return "sha256";
        }
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches() && !name.equals("anonymous") && !name.equals("service");
    }
}
