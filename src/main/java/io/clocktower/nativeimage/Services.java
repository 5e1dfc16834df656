package io.clocktower.nativeimage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The service files that a native image must hold: Quarkus knows those of its extensions, and neither Clocktower's own nor
 * gRPC's, which is used without its extension.
 *
 * @param providers the names of classes, by the name of the service
 */
record Services(Map<String, Set<String>> providers) {

    private static final String DIRECTORY = "META-INF/services";
    private static final String GRPC = "io.grpc.";
    private static final String OWN = "io.clocktower.";

    static Services on(List<Path> classPath) {
        var providers = new TreeMap<String, Set<String>>();
        classPath.stream().filter(Files::exists).forEach(root -> OwnClasses.in(root, top -> {
            add(top.resolve(DIRECTORY), providers);
            return null;
        }));
        return new Services(providers);
    }

    private static void add(Path directory, Map<String, Set<String>> providers) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String service = file.getFileName().toString();
                try (Stream<String> lines = Files.lines(file)) {
                    lines.map(line -> line.replaceAll("#.*", "").strip()).filter(line -> !line.isEmpty())
                            .filter(name -> service.startsWith(GRPC) || name.startsWith(OWN))
                            .forEach(name -> providers.computeIfAbsent(service, _ -> new TreeSet<>()).add(name));
                }
            }
        }
    }

    static String resource(String service) {
        return DIRECTORY + "/" + service;
    }

    /** The file of a service. */
    byte[] file(String service) {
        return String.join("\n", providers.get(service)).getBytes(StandardCharsets.UTF_8);
    }
}
