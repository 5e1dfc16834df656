package io.clocktower.nativeimage;

import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Modifier;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.graalvm.nativeimage.hosted.Feature;
import org.graalvm.nativeimage.hosted.RuntimeClassInitialization;
import org.graalvm.nativeimage.hosted.RuntimeForeignAccess;
import org.graalvm.nativeimage.hosted.RuntimeReflection;
import org.graalvm.nativeimage.hosted.RuntimeResourceAccess;
import picocli.CommandLine;

/**
 * Tells the builder of a native image what it cannot see: which classes must not be initialized while it runs, what C
 * functions are called, what is read and written as JSON, the command line, which services are found by their files, and junixsocket's native library. All of it is derived from the
 * classes and jars, so that a change of them needs no change here. {@code META-INF/native-image} names this class.
 */
public final class ClocktowerFeature implements Feature {

    /** As {@code io.clocktower.NativeLibrary} asks for it. */
    private static final String LIBRARY = "libjunixsocket-native.so";
    private static final String LIBRARIES = "lib/%s-Linux-clang/jni";
    private static final String JACKSON = "com.fasterxml.jackson.annotation.";
    private static final String CONFIGURATION = "io.clocktower.config.ClocktowerConfig";
    private static final String PICOCLI = "picocli.CommandLine$";

    /** Netty makes them by reflection, and looks in the JDK for methods that older ones do not have. */
    private static final List<Class<?>> SOCKETS = List.of(NioDomainSocketChannel.class,
            NioServerDomainSocketChannel.class);

    @Override
    public String getDescription() {
        return "Clocktower's classes, C functions and native library";
    }

    /**
     * Handles of C functions, buffers, and what gRPC and the command line find out belong to a process. But constants through which memory is reached must be known when the code
     * that uses them is compiled.
     */
    @Override
    public void afterRegistration(AfterRegistrationAccess access) {
        RuntimeClassInitialization.initializeAtRunTime("io.clocktower.linux", "org.newsclub.net.unix",
                "com.kohlschutter", "io.grpc", "picocli", "io.clocktower.cli");
        OwnClasses.on(access.getApplicationClassPath()).names().stream().map(access::findClassByName)
                .filter(ClocktowerFeature::holdsGrpc).forEach(RuntimeClassInitialization::initializeAtRunTime);
        RuntimeClassInitialization.initializeAtBuildTime("io.clocktower.linux.Fields",
                "io.clocktower.linux.HotCalls", "io.clocktower.memory.LittleEndian");
    }

    /** What such a class holds is made when it is initialized. */
    private static boolean holdsGrpc(Class<?> type) {
        return type != null && Stream.of(type.getDeclaredFields())
                .anyMatch(field -> Modifier.isStatic(field.getModifiers())
                        && field.getType().getName().startsWith("io.grpc."));
    }

    @Override
    public void duringSetup(DuringSetupAccess access) {
        try {
            for (Downcalls.Downcall downcall : Downcalls.of(access.getApplicationClassPath())) {
                RuntimeForeignAccess.registerForDowncall(downcall.function(), downcall.options().toArray());
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the C functions cannot be linked", e);
        }
    }

    @Override
    public void beforeAnalysis(BeforeAnalysisAccess access) {
        Stream.concat(
                OwnClasses.on(access.getApplicationClassPath()).names().stream().map(access::findClassByName),
                Stream.of(CommandLine.class.getDeclaredClasses())).filter(ClocktowerFeature::isReflective)
                .forEach(ClocktowerFeature::register);
        addServices(access, Services.on(access.getApplicationClassPath()));
        SOCKETS.forEach(socket -> RuntimeReflection.register(socket.getDeclaredConstructors()));
        RuntimeReflection.register(SelectorProvider.class.getDeclaredMethods());
        access.getApplicationClassPath().stream().filter(Files::exists).filter(ClocktowerFeature::addLibrary)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("junixsocket's native library is not on the class path"));
    }

    private static void addServices(BeforeAnalysisAccess access, Services services) {
        services.providers().forEach((service, providers) -> {
            RuntimeResourceAccess.addResource(ClocktowerFeature.class.getModule(), Services.resource(service),
                    services.file(service));
            for (String provider : providers) {
                Class<?> type = access.findClassByName(provider);
                RuntimeReflection.register(type);
                RuntimeReflection.register(type.getDeclaredConstructors());
            }
        });
    }

    /** What Jackson and picocli read or make, and the keys of the configuration, to which variables are compared. */
    private static boolean isReflective(Class<?> type) {
        return type != null && (type.isRecord() || type.isEnum() || isAnnotated(type)
                || type.getName().startsWith(CONFIGURATION)
                || Stream.of(type.getDeclaredFields()).anyMatch(ClocktowerFeature::isAnnotated)
                || Stream.of(type.getDeclaredMethods()).anyMatch(ClocktowerFeature::isAnnotated));
    }

    private static boolean isAnnotated(AnnotatedElement element) {
        return Stream.of(element.getDeclaredAnnotations()).map(annotation -> annotation.annotationType().getName())
                .anyMatch(name -> name.startsWith(JACKSON) || name.startsWith(PICOCLI));
    }

    private static void register(Class<?> type) {
        RuntimeReflection.register(type);
        RuntimeReflection.register(type.getDeclaredFields());
        RuntimeReflection.register(type.getDeclaredMethods());
        RuntimeReflection.register(type.getDeclaredConstructors());
        if (type.isRecord()) {
            RuntimeReflection.registerAllRecordComponents(type);
        }
    }

    /** Takes the library of the image's processor out of a jar, if it is in it. */
    private static boolean addLibrary(Path root) {
        return OwnClasses.in(root, top -> {
            Path directory = top.resolve(LIBRARIES.formatted(System.getProperty("os.arch")));
            if (!Files.isDirectory(directory)) {
                return false;
            }
            try (Stream<Path> files = Files.list(directory)) {
                List<Path> libraries = files.filter(file -> !file.toString().endsWith(".nodeps.so")).toList();
                if (libraries.size() != 1) {
                    throw new IllegalStateException("%s has %s".formatted(root, libraries));
                }
                RuntimeResourceAccess.addResource(ClocktowerFeature.class.getModule(), LIBRARY,
                        read(libraries.getFirst()));
            }
            return true;
        });
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
