package io.clocktower.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** Every statement has a test or a reason, and {@code docs/conformance.md} says which. */
class ConformanceTest {

    private static final Path PAGE = Path.of("docs", "conformance.md");
    private static final String WRITE = "mvn -B -q test -Dtest=ConformanceTest -Dconformance.write=true";
    private static final String INTRODUCTION = """
            # Conformance

            What VIRTIO 1.4 demands of a device, statement by statement: the RTC device, split and packed virtqueues,
            notifications, device status, features and reset, as far as a back-end answers for them; and what QEMU's
            "Vhost-user Protocol" demands of a back-end for a migration. Each statement is given in short, with the tests
            that prove it or the reason why none does. This page is generated from
            `statements.tsv` and from the tests' `@Proves` annotations, and `ConformanceTest` fails where it is out of
            date; write it again with `%s`.
            """;

    private final List<Statement> statements;
    /** Tests by the statement that they prove. */
    private final Map<String, SortedSet<String>> tests = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();

    ConformanceTest() throws Exception {
        statements = Statement.all();
        for (JavaClass type : new ClassFileImporter().withImportOption(new ImportOption.OnlyIncludeTests())
                .importPackages("io.clocktower")) {
            type.tryGetAnnotationOfType(Proves.class).ifPresent(proves -> cite(proves, type.getSimpleName()));
            type.getMethods().forEach(this::cite);
        }
    }

    private void cite(JavaMethod method) {
        method.tryGetAnnotationOfType(Proves.class).ifPresent(proves -> {
            String name = method.getOwner().getSimpleName() + "." + method.getName();
            if (!method.isAnnotatedWith(Test.class) && !method.isAnnotatedWith(ParameterizedTest.class)) {
                faults.add(name + " is no test");
            }
            cite(proves, name);
        });
    }

    private void cite(Proves proves, String test) {
        for (String id : proves.value()) {
            tests.computeIfAbsent(id, _ -> new TreeSet<>()).add(test);
        }
    }

    @Test
    void everyStatementHasATestOrAReason() {
        Map<String, Statement> byId = new LinkedHashMap<>();
        for (Statement statement : statements) {
            if (byId.put(statement.id(), statement) != null) {
                faults.add(statement.id() + " is there twice");
            }
            boolean hasTest = tests.containsKey(statement.id());
            if (hasTest == !statement.reason().isEmpty()) {
                faults.add(statement.id() + (hasTest ? " has a reason and tests" : " has no test and no reason"));
            }
        }
        tests.forEach((id, names) -> {
            if (!byId.containsKey(id)) {
                faults.add(id + " is no statement, but proven by " + names);
            }
        });
        assertEquals(List.of(), faults);
    }

    @Test
    void thePageIsWhatTheTestsSay() throws Exception {
        String page = page();
        if (Boolean.getBoolean("conformance.write")) {
            Files.writeString(PAGE, page);
        }
        assertEquals(page, Files.exists(PAGE) ? Files.readString(PAGE) : "",
                () -> PAGE + " is out of date; make it anew with " + WRITE);
    }

    private String page() {
        var page = new StringBuilder(INTRODUCTION.formatted(WRITE));
        statements.stream().collect(Collectors.groupingBy(Statement::chapter, LinkedHashMap::new, Collectors.toList()))
                .forEach((chapter, its) -> {
                    page.append("\n## ").append(chapter).append("""


                            | id | section | statement | proven by |
                            |---|---|---|---|
                            """);
                    its.forEach(statement -> page.append(row(statement)));
                });
        long reasons = statements.stream().filter(statement -> !statement.reason().isEmpty()).count();
        page.append("\n## Counts\n\n%d statements: %d proven by tests, %d with a reason why no test does.\n"
                .formatted(statements.size(), statements.size() - reasons, reasons));
        return page.toString();
    }

    private String row(Statement statement) {
        String proof = statement.reason().isEmpty()
                ? tests.getOrDefault(statement.id(), new TreeSet<>()).stream().map(test -> "`" + test + "`")
                        .collect(Collectors.joining(", "))
                : "*" + statement.reason() + "*";
        return "| %s | %s | **%s** %s | %s |\n".formatted(statement.id(), statement.section(), statement.keyword(),
                statement.text(), proof);
    }
}
