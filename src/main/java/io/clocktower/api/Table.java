package io.clocktower.api;

import io.clocktower.spec.Columns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/** An aligned table, for a person at a terminal. */
final class Table {

    static final String TYPE = "text/plain;charset=UTF-8";

    private Table() {}

    /** A row of cells, of which some may be null. */
    static List<Object> row(Object... cells) {
        return Arrays.asList(cells);
    }

    /**
     * An answer of status 200. It sets its own media type, because the negotiated one has a quality parameter.
     *
     * @param head the names of the columns
     * @param rows each as long as the head; null is shown as {@code -}
     */
    static RestResponse<String> of(List<String> head, Stream<List<Object>> rows) {
        return ResponseBuilder.ok(text(head, rows)).type(TYPE).build();
    }

    static String text(List<String> head, Stream<List<Object>> rows) {
        return Columns.text(head, rows);
    }
}
