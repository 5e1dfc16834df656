package io.clocktower.api;

import io.clocktower.spec.LabelSelector;
import io.clocktower.spec.Texts;
import jakarta.ws.rs.BadRequestException;
import java.util.List;
import java.util.Map;

/** The query parameter {@code label}, which may be repeated. */
final class LabelQuery {

    private LabelQuery() {}

    /**
     * @param labels each {@code name=value}
     * @throws BadRequestException if one has another form
     */
    static LabelSelector selector(List<String> labels) {
        return new LabelSelector(labels.stream().map(LabelQuery::label).toList());
    }

    private static Map.Entry<String, String> label(String label) {
        return LabelSelector.parse(label).orElseThrow(
                () -> new BadRequestException("label: %s, expected name=value".formatted(Texts.quoted(label))));
    }
}
