package io.clocktower.nativeimage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a native image is told is all that there is. */
class DowncallsTest {

    private static final List<Path> CLASS_PATH = Stream.of(System.getProperty("java.class.path").split(":"))
            .map(Path::of).toList();

    @Test
    void everyFunctionThatIsLinkedIsFound() throws Exception {
        List<Downcalls.Downcall> found = Downcalls.of(CLASS_PATH);

        long handles = OwnClasses.on(CLASS_PATH).names().stream()
                .filter(name -> name.startsWith("io.clocktower.linux."))
                .mapToLong(DowncallsTest::handles).sum();
        assertEquals(handles, found.size());
        assertTrue(found.contains(new Downcalls.Downcall(FunctionDescriptor.of(ValueLayout.JAVA_LONG),
                List.of(Linker.Option.critical(false)))), "the cycle counter's");
    }

    private static long handles(String name) {
        try {
            return Downcalls.handles(Class.forName(name, false, DowncallsTest.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    /** The tests' classes stand beside them, and are of the same packages. */
    @Test
    void theClassesAreThoseOfTheProgram() {
        List<String> names = OwnClasses.on(CLASS_PATH).names();

        assertTrue(names.contains("io.clocktower.Main"), names::toString);
        assertTrue(names.contains("io.clocktower.state.StateFile$Version"), names::toString);
        assertFalse(names.contains(DowncallsTest.class.getName()));
    }

    @Test
    void servicesOfClocktowerAndOfGrpcAreFound() {
        Services services = Services.on(CLASS_PATH);

        assertTrue(services.providers().get("io.vertx.core.spi.VertxServiceProvider")
                .contains("io.clocktower.http.HttpTransportProvider"), services::toString);
        assertTrue(services.providers().get("io.grpc.LoadBalancerProvider")
                .contains("io.grpc.internal.PickFirstLoadBalancerProvider"), services::toString);
        assertTrue(new String(services.file("io.grpc.LoadBalancerProvider")).lines().count() > 1);
    }
}
