package io.clocktower.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/** Says of every operation how it is refused: that follows from its path, its method and whether it has a body. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class ProblemResponses implements OASFilter {

    @Override
    public void filterOpenAPI(OpenAPI document) {
        document.getPaths().getPathItems().forEach(ProblemResponses::describe);
    }

    private static void describe(String path, PathItem item) {
        item.getOperations().forEach((method, operation) -> {
            boolean isChange = method != PathItem.HttpMethod.GET && method != PathItem.HttpMethod.HEAD;
            add(operation, "401", "No credential, or not a valid one, where callers are asked for one");
            add(operation, "403", isChange ? "The caller is no operator" : "The caller is no viewer");
            if (path.contains("{")) {
                add(operation, "404", "There is no such " + lastNamed(path));
            }
            if (operation.getRequestBody() != null) {
                add(operation, "400", "The body is no JSON, or a field is missing, unknown or of another type");
                add(operation, "413", "The body is too large");
                add(operation, "415", "The body is not said to be JSON");
                add(operation, "422", "A field is well formed and cannot be; errors names it");
            }
            if (hasQuery(operation)) {
                add(operation, "400", "A parameter of the query is not known, or of another type");
            }
            if (has(operation, Versions.IF_MATCH)) {
                add(operation, "412", "The device has changed since the answer whose ETag is in If-Match");
            }
            if (isChange) {
                add(operation, "429", "Too many changes; Retry-After says when to ask again");
                add(operation, "500", "The change cannot be kept on disk, and was not made");
            }
            add(operation, "503", "An event loop did not answer in time; of a change, detail says whether it was made");
        });
    }

    private static String lastNamed(String path) {
        String last = path.substring(path.lastIndexOf('{') + 1, path.lastIndexOf('}'));
        return last.equals("name") ? "device" : "device or " + last;
    }

    private static boolean hasQuery(Operation operation) {
        return operation.getParameters() != null
                && operation.getParameters().stream().anyMatch(parameter -> parameter.getIn() == Parameter.In.QUERY);
    }

    private static boolean has(Operation operation, String header) {
        return operation.getParameters() != null && operation.getParameters().stream()
                .anyMatch(parameter -> parameter.getIn() == Parameter.In.HEADER && parameter.getName().equals(header));
    }

    private static void add(Operation operation, String status, String description) {
        APIResponse present = operation.getResponses().getAPIResponse(status);
        // The library gives some a name and nothing else.
        if (present != null && present.getContent() != null) {
            return;
        }
        APIResponse response = OASFactory.createAPIResponse().description(description)
                .content(OASFactory.createContent().addMediaType(Problem.MEDIA_TYPE, OASFactory.createMediaType()
                        .schema(OASFactory.createSchema().ref("#/components/schemas/Problem"))));
        operation.getResponses().addAPIResponse(status, response);
    }
}
