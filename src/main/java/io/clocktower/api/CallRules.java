package io.clocktower.api;

import io.clocktower.spec.FieldError;
import io.clocktower.spec.Texts;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response.Status;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;

/**
 * Checks a call's path and query against the parameters that the resources declare. The library reads a boolean that is
 * neither true nor false as false, and ignores unknown parameters: a misspelt dry run would be a change.
 */
final class CallRules {

    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,10}");
    private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)}");

    private final List<Target> targets;

    /** A path of the API, and its operations by the name of their method. */
    record Target(Pattern path, Map<String, Operation> operations) {

        /** The allowed methods, with HEAD and OPTIONS. */
        Set<String> methods() {
            Set<String> methods = new TreeSet<>(operations.keySet());
            if (methods.contains("GET")) {
                methods.add("HEAD");
            }
            methods.add("OPTIONS");
            return methods;
        }

        private Optional<Operation> operation(String method) {
            return Optional.ofNullable(operations.get(method.equals("HEAD") ? "GET" : method));
        }
    }

    /** The types of a call's parameters. */
    private record Operation(Map<String, Class<?>> path, Map<String, Class<?>> query) {}

    /**
     * @param resources with all paths of the API
     */
    CallRules(List<Class<?>> resources) {
        Map<String, Map<String, Operation>> byPath = new TreeMap<>();
        for (Class<?> resource : resources) {
            for (Method method : resource.getDeclaredMethods()) {
                Stream.of(method.getAnnotations()).map(it -> it.annotationType().getAnnotation(HttpMethod.class))
                        .filter(it -> it != null).forEach(verb -> byPath
                                .computeIfAbsent(path(resource) + path(method), _ -> new HashMap<>())
                                .put(verb.value(), operation(method)));
            }
        }
        targets = byPath.entrySet().stream().map(entry -> new Target(pattern(entry.getKey()), entry.getValue()))
                .toList();
    }

    private static String path(java.lang.reflect.AnnotatedElement element) {
        Path path = element.getAnnotation(Path.class);
        return path == null ? "" : path.value();
    }

    private static Pattern pattern(String template) {
        return Pattern.compile(VARIABLE.matcher(template).replaceAll("(?<$1>[^/]+)") + "/?");
    }

    private static Operation operation(Method method) {
        Map<String, Class<?>> path = new HashMap<>();
        Map<String, Class<?>> query = new TreeMap<>();
        for (Parameter parameter : method.getParameters()) {
            if (parameter.isAnnotationPresent(RestPath.class)) {
                path.put(parameter.getName(), parameter.getType());
            } else if (parameter.isAnnotationPresent(RestQuery.class)) {
                query.put(parameter.getName(), parameter.getType());
            }
        }
        return new Operation(path, query);
    }

    /** The target at a path; empty if the API has no such path. */
    Optional<Target> at(String path) {
        return targets.stream().filter(target -> target.path().matcher(path).matches()).findFirst();
    }

    /**
     * The errors of a call whose method the target allows.
     *
     * @param query the values of each parameter
     */
    static Optional<Problem> refusal(Target target, String method, String path, Map<String, List<String>> query) {
        Operation operation = target.operation(method).orElseThrow();
        List<FieldError> errors = new ArrayList<>();
        Matcher matcher = target.path().matcher(path);
        if (matcher.matches()) {
            operation.path().forEach((name, type) -> check(name, type, matcher.group(name), errors));
        }
        if (!errors.isEmpty()) {
            return Optional.of(Problem.of(Status.NOT_FOUND, errors));
        }
        query.forEach((name, values) -> checkQuery(operation.query(), name, values, errors));
        return errors.isEmpty() ? Optional.empty() : Optional.of(Problem.of(Status.BAD_REQUEST, errors));
    }

    private static void checkQuery(Map<String, Class<?>> types, String name, List<String> values,
            List<FieldError> errors) {
        Class<?> type = types.get(name);
        if (type == null) {
            errors.add(new FieldError(Texts.shown(name), "unknown parameter, expected "
                    + (types.isEmpty() ? "none" : "one of " + String.join(", ", types.keySet()))));
        } else if (values.stream().anyMatch(String::isEmpty)) {
            // The library ignores an empty value: a filter would let everything through.
            errors.add(new FieldError(name, "empty, expected a value"));
        } else if (!type.equals(List.class) && values.size() > 1) {
            errors.add(new FieldError(name, "given %d times, expected once".formatted(values.size())));
        } else {
            check(name, type, values.getFirst(), errors);
        }
    }

    private static void check(String name, Class<?> type, String value, List<FieldError> errors) {
        if ((type == boolean.class || type == Boolean.class) && !Arrays.asList("true", "false").contains(value)) {
            errors.add(new FieldError(name, Texts.quoted(value) + ", expected true or false"));
        } else if ((type == int.class || type == Integer.class) && !isInt(value)) {
            errors.add(new FieldError(name, Texts.quoted(value) + ", expected a whole number from "
                    + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE));
        }
    }

    private static boolean isInt(String value) {
        if (!NUMBER.matcher(value).matches()) {
            return false;
        }
        long number = Long.parseLong(value);
        return number == (int) number;
    }
}
