package io.clocktower.config;

import io.clocktower.spec.Nearest;
import io.clocktower.spec.Texts;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The environment variables that begin with {@code CLOCKTOWER_}, held against the configuration that was made of them. A
 * variable that is no key of it would be ignored otherwise, where the same error in a property is an error.
 */
final class Variables {

    private static final String PREFIX = "CLOCKTOWER_";
    /** The defaults of the command line's options, which may be set where the service is started. */
    private static final Set<String> OF_THE_COMMAND_LINE = Set.of("CLOCKTOWER_URL", "CLOCKTOWER_TOKEN_FILE");
    private static final Pattern CAPITAL = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");
    private static final Pattern OTHER = Pattern.compile("[^A-Za-z0-9]");
    private static final Pattern OTHER_THAN_ANY = Pattern.compile("[^A-Za-z0-9*]");
    /** What Kubernetes sets in every container for a Service that is named clocktower or clocktower-something. */
    private static final Pattern SERVICE_LINK = Pattern
            .compile("(?:.*_)?(?:SERVICE_HOST=.*|SERVICE_PORT(?:_[A-Z0-9_]+)?=\\d+"
                    + "|PORT(?:_\\d+_(?:TCP|UDP|SCTP))?=(?:tcp|udp|sctp)://.*|PORT_\\d+_(?:TCP|UDP|SCTP)_(?:PROTO|PORT|ADDR)=.*)");

    /** All that the configuration has, as variables. */
    private final Set<String> known = new HashSet<>();

    private Variables() {}

    /**
     * Says which variables are no key.
     *
     * @param environment by name
     * @param config made of that environment, among others
     * @return each names the variable and the nearest key, and shows no value
     */
    static List<String> errors(Map<String, String> environment, ClocktowerConfig config) {
        var variables = new Variables();
        variables.addGroup("clocktower", ClocktowerConfig.class, config);
        return new TreeMap<>(environment).entrySet().stream()
                .filter(variable -> variable(variable.getKey()).startsWith(PREFIX))
                .filter(variable -> !OF_THE_COMMAND_LINE.contains(variable.getKey()))
                .filter(variable -> !variables.known.contains(variable(variable.getKey())))
                .filter(variable -> !isServiceLink(variable.getKey(), variable.getValue()))
                .map(variable -> "%s: unknown environment variable%s".formatted(Texts.shown(variable.getKey()),
                        question(variable.getKey())))
                .toList();
    }

    /** A property's variable by MicroProfile's rule, or a variable's name as all of its spellings are compared. */
    static String variable(String name) {
        return OTHER.matcher(name).replaceAll("_").toUpperCase(Locale.ROOT);
    }

    private static boolean isServiceLink(String name, String value) {
        return SERVICE_LINK.matcher(name.substring(PREFIX.length()) + "=" + value).matches();
    }

    /** The prefix is no part of the comparison. */
    private static String question(String name) {
        return Nearest.of(variable(name).substring(PREFIX.length()), KnownKeys.PATTERNS.stream()
                .map(key -> OTHER_THAN_ANY.matcher(key).replaceAll("_").toUpperCase(Locale.ROOT))
                .collect(Collectors.toSet())).map(nearest -> " (did you mean '" + PREFIX + nearest + "'?)").orElse("");
    }

    private void addGroup(String path, Class<?> type, Object group) {
        for (Method key : type.getMethods()) {
            String name = CAPITAL.matcher(key.getName()).replaceAll("-").toLowerCase(Locale.ROOT);
            Object value = read(key, group);
            // A group has keys but is not a key itself; a value can be present and empty.
            if (!value.equals(Optional.empty()) || !isOfGroups(key)) {
                add(path + "." + name, value);
            }
        }
    }

    private static boolean isOfGroups(Method key) {
        return key.getGenericReturnType().getTypeName().contains(ClocktowerConfig.class.getName() + "$");
    }

    private void add(String path, Object value) {
        switch (value) {
            case Optional<?> optional -> optional.ifPresentOrElse(present -> add(path, present),
                    () -> known.add(variable(path)));
            case Map<?, ?> map -> map.forEach((name, member) -> {
                add(path + "." + name, member);
                add(path + ".\"" + name + "\"", member);
            });
            case Collection<?> members -> {
                known.add(variable(path));
                int i = 0;
                for (Object member : members) {
                    add(path + "[" + i++ + "]", member);
                }
            }
            default -> group(value).ifPresentOrElse(type -> addGroup(path, type, value),
                    () -> known.add(variable(path)));
        }
    }

    /** The interface of the configuration that a value is of, if it is no value of its own. */
    private static Optional<Class<?>> group(Object value) {
        return List.of(value.getClass().getInterfaces()).stream()
                .filter(type -> type.getEnclosingClass() == ClocktowerConfig.class)
                .<Class<?>>map(type -> type).findFirst();
    }

    private static Object read(Method key, Object group) {
        try {
            return key.invoke(group);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("cannot read " + key, e);
        }
    }
}
