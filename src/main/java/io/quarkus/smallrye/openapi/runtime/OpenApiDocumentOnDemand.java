package io.quarkus.smallrye.openapi.runtime;

import io.quarkus.arc.Unremovable;
import io.quarkus.smallrye.openapi.OpenApiFilter.RunStage;
import io.quarkus.smallrye.openapi.runtime.filter.AutoSecurityFilter;
import io.smallrye.openapi.runtime.io.Format;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Prepares a description of the API when it is first asked for. Quarkus would do so at each start, which takes a fifth of the
 * start's time and hundreds of classes, for a document that a running service is seldom asked for. In Quarkus's package, as
 * what it overrides is package-private.
 */
@Alternative
@Priority(1)
@Singleton
@Unremovable
public class OpenApiDocumentOnDemand extends OpenApiDocumentService {

    private record Preparation(AutoSecurityFilter security, Map<RunStage, List<String>> filters) {}

    /** By the document's name; what is prepared is not in it any more. */
    private final Map<String, Preparation> waiting = new ConcurrentHashMap<>();

    @Override
    void prepareDocument(AutoSecurityFilter security, Map<RunStage, List<String>> filters, String document) {
        waiting.put(document, new Preparation(security, filters));
    }

    @Override
    public byte[] getDocument(String document, Format format) {
        waiting.computeIfPresent(document, (name, preparation) -> {
            super.prepareDocument(preparation.security, preparation.filters, name);
            return null;
        });
        return super.getDocument(document, format);
    }
}
