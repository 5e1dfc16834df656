package io.clocktower.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.clock.Words;
import io.clocktower.fault.EffectKind;
import io.clocktower.fault.Member;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of effect kinds for the console's forms, so that they have each kind that the service has. */
final class Kinds {

    private Kinds() {}

    static String json() {
        try {
            return new ObjectMapper().writeValueAsString(EffectKind.ALL.stream().map(Kinds::kind).toList());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the table of kinds is plain data", e);
        }
    }

    private static Map<String, Object> kind(EffectKind<?> kind) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", kind.name());
        json.put("members", members(kind));
        return json;
    }

    private static List<Map<String, Object>> members(EffectKind<?> kind) {
        return kind.members().stream().<Map<String, Object>>map(Kinds::member).toList();
    }

    private static Map<String, Object> member(Member<?> member) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", member.name());
        json.put("type", Words.of(member.type()));
        json.put("meaning", member.meaning());
        json.put("range", member.range());
        json.put("choices", member.choices());
        member.byDefault().ifPresent(value -> json.put("default", value));
        return json;
    }
}
