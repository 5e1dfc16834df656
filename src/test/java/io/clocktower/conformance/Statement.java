package io.clocktower.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A normative statement of a specification that binds a device: a line of {@code statements.tsv}, its fields parted by tabs.
 *
 * @param section its title
 * @param text the statement in short
 * @param reason why no test proves it; empty where one does
 */
record Statement(String id, String chapter, String section, String keyword, String text, String reason) {

    private static final List<String> KEYWORDS = List.of("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY",
            "RECOMMENDED");

    Statement {
        if (!KEYWORDS.contains(keyword)) {
            throw new IllegalArgumentException(id + ": keyword " + keyword + ", expected one of " + KEYWORDS);
        }
    }

    static List<Statement> all() throws IOException {
        try (InputStream lines = Statement.class.getResourceAsStream("statements.tsv")) {
            return new String(lines.readAllBytes(), StandardCharsets.UTF_8).lines().map(Statement::parse).toList();
        }
    }

    private static Statement parse(String line) {
        String[] fields = line.split("\t", -1);
        if (fields.length < 5 || fields.length > 6) {
            throw new IllegalArgumentException("not five fields or six: " + line);
        }
        return new Statement(fields[0], fields[1], fields[2], fields[3], fields[4],
                fields.length == 6 ? fields[5] : "");
    }
}
