package io.clocktower.app;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The root file system of an image, made as its Containerfile makes it, and what that says about a start: of the native
 * executable's if the tests are of it, or else of the jars'.
 *
 * @param environment its variables
 * @param entryPoint the command that arguments are added to
 * @param healthCheck the command whose exit status says whether the service is healthy
 */
public record ImageFiles(Path root, Map<String, String> environment, List<String> entryPoint,
        List<String> healthCheck) {

    private static final Path DEPLOYMENT = Path.of(System.getProperty("basedir", "")).toAbsolutePath()
            .resolve("deployment");
    private static final Pattern VARIABLE = Pattern.compile("(\\w+)=(\\S+)");
    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Gathers them.
     *
     * @param root a directory that is not there yet
     */
    public static ImageFiles gather(Path root) throws IOException, InterruptedException {
        boolean isNative = PackagedApplication.executable().isPresent();
        var script = new ProcessBuilder(DEPLOYMENT.resolve("root-file-system").toString(),
                (isNative ? PackagedApplication.PROGRAM : PackagedApplication.JARS).toString(), root.toString());
        script.environment().put("JAVA_HOME", System.getProperty("java.home"));
        int status = script.inheritIO().start().waitFor();
        if (status != 0) {
            throw new IOException("root-file-system ends with status " + status);
        }
        return read(root, Files.readString(DEPLOYMENT.resolve("Containerfile" + (isNative ? ".native" : ""))));
    }

    private static ImageFiles read(Path root, String recipe) throws IOException {
        String image = recipe.substring(recipe.lastIndexOf("\nFROM "));
        var environment = new TreeMap<String, String>();
        Matcher variables = VARIABLE.matcher(line(image, "ENV "));
        while (variables.find()) {
            environment.put(variables.group(1), variables.group(2));
        }
        String healthCheck = line(image, "HEALTHCHECK ");
        return new ImageFiles(root, environment, words(line(image, "ENTRYPOINT ")),
                words(healthCheck.substring(healthCheck.indexOf("CMD ") + "CMD ".length())));
    }

    private static String line(String recipe, String instruction) {
        return recipe.lines().filter(line -> line.startsWith(instruction))
                .map(line -> line.substring(instruction.length())).findFirst().orElseThrow();
    }

    private static List<String> words(String json) throws IOException {
        return JSON.readValue(json, new TypeReference<List<String>>() {});
    }

    /** How much they take. */
    long bytes() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
