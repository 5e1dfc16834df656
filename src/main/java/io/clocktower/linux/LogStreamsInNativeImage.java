package io.clocktower.linux;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.InjectAccessors;
import com.oracle.svm.core.annotate.TargetClass;
import java.io.OutputStream;

/**
 * Has lines of the log go over {@link Console} in a native image too. The log's handler keeps the streams that there are when
 * its class is initialized, which is in the builder, and so before {@link Console#install}.
 */
@TargetClass(className = "org.jboss.logmanager.handlers.ConsoleHandler")
final class LogStreamsInNativeImage {

    @Alias
    @InjectAccessors(Out.class)
    private static OutputStream out;
    @Alias
    @InjectAccessors(Err.class)
    private static OutputStream err;

    private LogStreamsInNativeImage() {}

    /** What takes the place of the one field. */
    private static final class Out {

        static OutputStream get() {
            return System.out;
        }
    }

    /** What takes the place of the other. */
    private static final class Err {

        static OutputStream get() {
            return System.err;
        }
    }
}
