package io.clocktower.nativeimage;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/**
 * The types of the C functions that Clocktower calls. A native image has code for those alone that it was told of when it was
 * built. They are found by linking them all, in a copy of the classes that the image does not see.
 */
final class Downcalls {

    private static final String LINKING = "io.clocktower.linux.NativeCalls";
    private static final String PACKAGE = "io.clocktower.linux.";

    /** One function's type, and the options of its calls. */
    record Downcall(FunctionDescriptor function, List<Linker.Option> options) {}

    private Downcalls() {}

    /** Those of the classes on a class path. */
    static List<Downcall> of(List<Path> classPath) throws ReflectiveOperationException {
        var found = new ArrayList<Downcall>();
        // Left open: threads of the classes may run on.
        ClassLoader loader = new URLClassLoader(classPath.stream().map(Downcalls::url).toArray(URL[]::new),
                ClassLoader.getPlatformClassLoader());
        Method watch = Class.forName(LINKING, true, loader).getDeclaredMethod("watch", BiConsumer.class);
        watch.setAccessible(true);
        watch.invoke(null, (BiConsumer<FunctionDescriptor, Linker.Option[]>) (function, options) -> found
                .add(new Downcall(function, List.of(options))));
        for (String name : OwnClasses.on(classPath).names()) {
            if (name.startsWith(PACKAGE) && !name.contains("InNativeImage")
                    && handles(Class.forName(name, false, loader)) > 0) {
                Class.forName(name, true, loader);
            }
        }
        return found;
    }

    /** How many linked functions a class holds. */
    static long handles(Class<?> type) {
        return Stream.of(type.getDeclaredFields()).filter(field -> Modifier.isStatic(field.getModifiers()))
                .map(Field::getType).filter(MethodHandle.class::equals).count();
    }

    private static URL url(Path path) {
        try {
            return path.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(path.toString(), e);
        }
    }
}
