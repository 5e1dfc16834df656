package io.clocktower.kubevirt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An option of QEMU's command line that has a value, {@code -device pcie-root-port,id=port}.
 *
 * @param flag the element with the option's name
 * @param name without the hyphens
 * @param parameters those of the value, which is a JSON object, or a list in which a comma of a value is doubled
 */
record QemuOption(XmlElement flag, String name, Map<String, String> parameters) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VALUE = "value";

    /** The options among the elements that are the arguments, in their order. */
    static List<QemuOption> of(List<XmlElement> arguments) {
        List<QemuOption> options = new ArrayList<>();
        for (int i = 0; i + 1 < arguments.size(); i++) {
            String flag = arguments.get(i).value(VALUE);
            if (flag.equals("-chardev") || flag.equals("-device") || flag.equals("--chardev")
                    || flag.equals("--device")) {
                options.add(new QemuOption(arguments.get(i), flag.replaceFirst("^--?", ""),
                        parameters(arguments.get(i + 1).value(VALUE))));
            }
        }
        return options;
    }

    private static Map<String, String> parameters(String value) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (value.startsWith("{")) {
            try {
                JSON.readTree(value).properties()
                        .forEach(member -> parameters.put(member.getKey(), member.getValue().asText()));
            } catch (JsonProcessingException _) {
                // QEMU will say so.
            }
            return parameters;
        }
        var parameter = new StringBuilder();
        for (int i = 0; i <= value.length(); i++) {
            boolean isComma = i < value.length() && value.charAt(i) == ',';
            if (isComma && value.startsWith(",,", i)) {
                parameter.append(',');
                i++;
            } else if (isComma || i == value.length()) {
                int equals = parameter.indexOf("=");
                if (equals > 0) {
                    parameters.put(parameter.substring(0, equals), parameter.substring(equals + 1));
                }
                parameter.setLength(0);
            } else {
                parameter.append(value.charAt(i));
            }
        }
        return parameters;
    }

    /** The value of a parameter; empty if it is not given. */
    String parameter(String parameter) {
        return parameters.getOrDefault(parameter, "");
    }

    boolean is(String option, String parameter, String value) {
        return name.equals(option) && parameter(parameter).equals(value);
    }
}
