package io.clocktower.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * A file of the console.
 *
 * @param tag its entity tag, which changes with the content
 */
record Asset(String mediaType, String tag, byte[] content) {

    private static final String DIRECTORY = "/console/";
    private static final Map<String, String> MEDIA_TYPES = Map.of("html", "text/html; charset=utf-8", "css",
            "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8", "svg", "image/svg+xml", "json",
            "application/json");

    /**
     * Reads a file of the application's jar.
     *
     * @param name its path below the directory of the console
     * @return empty if there is no such file
     */
    static Optional<Asset> read(String name) throws IOException {
        String mediaType = MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        if (mediaType == null) {
            return Optional.empty();
        }
        try (InputStream file = Asset.class.getResourceAsStream(DIRECTORY + name)) {
            return file == null ? Optional.empty() : Optional.of(of(mediaType, file.readAllBytes()));
        }
    }

    static Asset of(String name, String content) {
        return of(MEDIA_TYPES.get(name.substring(name.lastIndexOf('.') + 1)),
                content.getBytes(UTF_8));
    }

    private static Asset of(String mediaType, byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return new Asset(mediaType, '"' + HexFormat.of().formatHex(hash, 0, 16) + '"', content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each JDK has SHA-256", e);
        }
    }
}
