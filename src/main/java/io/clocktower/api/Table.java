package io.clocktower.api;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** An aligned table, for a person at a terminal. */
final class Table {

    private static final String TYPE = "text/plain;charset=UTF-8";
    private static final String GAP = "  ";

    private Table() {}

    /** A row of cells, of which some may be null. */
    static List<Object> row(Object... cells) {
        return Arrays.asList(cells);
    }

    /**
     * An answer of status 200. It names its type itself, as the one that was negotiated says how it was preferred, too.
     *
     * @param head the columns' names
     * @param rows each as long as the head; null is shown as {@code -}
     */
    static RestResponse<String> of(List<String> head, Stream<List<Object>> rows) {
        List<List<String>> lines = Stream.concat(Stream.of(head),
                rows.map(row -> row.stream().map(cell -> cell == null ? "-" : cell.toString()).toList())).toList();
        int[] widths = IntStream.range(0, head.size())
                .map(column -> lines.stream().mapToInt(line -> line.get(column).length()).max().orElse(0)).toArray();
        String text = lines.stream().map(line -> IntStream.range(0, widths.length)
                .mapToObj(column -> line.get(column) + " ".repeat(widths[column] - line.get(column).length()))
                .collect(Collectors.joining(GAP)).stripTrailing() + "\n").collect(Collectors.joining());
        return ResponseBuilder.ok(text).type(TYPE).build();
    }
}
