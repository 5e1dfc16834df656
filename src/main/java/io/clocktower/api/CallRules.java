package io.clocktower.api;

import io.clocktower.device.FieldFault;
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
 * What is wrong with a call's path and query, by the parameters that the resources declare. The library takes what is
 * neither true nor false for false, and leaves out of account what it does not know: a dry run that is misspelt would be
 * none.
 */
final class CallRules {

    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,10}");
    private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)}");

    private final List<Target> targets;

    /** A path of the API, and what can be done there, by the name of the method. */
    record Target(Pattern path, Map<String, Operation> operations) {

        /** The methods that it has, besides those that all have. */
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

    /** What is at a path; nothing if it is none of the API's. */
    Optional<Target> at(String path) {
        return targets.stream().filter(target -> target.path().matcher(path).matches()).findFirst();
    }

    /**
     * What is wrong with a call, whose method its target has.
     *
     * @param query the values of each parameter
     */
    static Optional<Problem> refusal(Target target, String method, String path, Map<String, List<String>> query) {
        Operation operation = target.operation(method).orElseThrow();
        List<FieldFault> faults = new ArrayList<>();
        Matcher matcher = target.path().matcher(path);
        if (matcher.matches()) {
            operation.path().forEach((name, type) -> check(name, type, matcher.group(name), faults));
        }
        if (!faults.isEmpty()) {
            return Optional.of(Problem.of(Status.NOT_FOUND, faults));
        }
        query.forEach((name, values) -> checkQuery(operation.query(), name, values, faults));
        return faults.isEmpty() ? Optional.empty() : Optional.of(Problem.of(Status.BAD_REQUEST, faults));
    }

    private static void checkQuery(Map<String, Class<?>> types, String name, List<String> values,
            List<FieldFault> faults) {
        Class<?> type = types.get(name);
        if (type == null) {
            faults.add(new FieldFault(FieldFault.shown(name), "no such parameter, expected "
                    + (types.isEmpty() ? "none" : "one of " + String.join(", ", types.keySet()))));
        } else if (values.stream().anyMatch(String::isEmpty)) {
            // The library leaves such a one out of account: a filter would let everything through.
            faults.add(new FieldFault(name, "empty, expected a value"));
        } else if (!type.equals(List.class) && values.size() > 1) {
            faults.add(new FieldFault(name, "%d of them, expected one".formatted(values.size())));
        } else {
            check(name, type, values.getFirst(), faults);
        }
    }

    private static void check(String name, Class<?> type, String value, List<FieldFault> faults) {
        if ((type == boolean.class || type == Boolean.class) && !Arrays.asList("true", "false").contains(value)) {
            faults.add(new FieldFault(name, FieldFault.quoted(value) + ", expected true or false"));
        } else if ((type == int.class || type == Integer.class) && !isInt(value)) {
            faults.add(new FieldFault(name, FieldFault.quoted(value) + ", expected a whole number from "
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
