package io.clocktower.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The statements of a specification that a test, or all of a class's, proves. A contract's test does for its subclasses. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Proves {

    /** Ids of {@code statements.tsv}. */
    String[] value();
}
