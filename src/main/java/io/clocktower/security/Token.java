package io.clocktower.security;

import io.clocktower.config.ClocktowerConfig.Role;
import io.clocktower.spec.Names;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A bearer token, known by its hash.
 *
 * @param name the name of its owner
 */
record Token(String name, Role role, Hash hash) {

    /** A SHA-256. Compared in constant time, and never shown. */
    static final class Hash {

        private static final Pattern HEX = Pattern.compile("[0-9A-Fa-f]{64}");

        private final byte[] bytes;

        private Hash(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Empty if the text is not a SHA-256 in hexadecimal. */
        static Optional<Hash> parse(String hex) {
            return HEX.matcher(hex).matches()
                    ? Optional.of(new Hash(HexFormat.of().parseHex(hex)))
                    : Optional.empty();
        }

        /**
         * @param token the token as in the header, one character per byte
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
        return Names.isName(name) && !name.equals("anonymous") && !name.equals("service");
    }
}
