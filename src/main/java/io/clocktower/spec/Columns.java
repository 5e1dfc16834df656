package io.clocktower.spec;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Text in aligned columns, for a person at a terminal. */
public final class Columns {

    private static final String GAP = "  ";

    private Columns() {}

    /**
     * @param head the names of the columns
     * @param rows each as long as the head; null is shown as {@code -}
     */
    public static String text(List<String> head, Stream<List<Object>> rows) {
        List<List<String>> lines = Stream.concat(Stream.of(head),
                rows.map(row -> row.stream().map(cell -> cell == null ? "-" : cell.toString()).toList())).toList();
        int[] widths = IntStream.range(0, head.size())
                .map(column -> lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0)).toArray();
        return lines.stream().map(line -> IntStream.range(0, widths.length)
                .mapToObj(column -> line.get(column) + " ".repeat(widths[column] - line.get(column).length()))
                .collect(Collectors.joining(GAP)).stripTrailing() + "\n").collect(Collectors.joining());
    }
}
