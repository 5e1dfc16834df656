package io.clocktower.api;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;

/** Describes in the OpenAPI document how calls are rejected; it follows from the path, the method and the parameters. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class ProblemResponses implements OASFilter {

    @Override
    public void filterOpenAPI(OpenAPI document) {
        document.getPaths().getPathItems().forEach(ProblemResponses::describe);
    }

    private static void describe(String path, PathItem item) {
        item.getOperations().forEach((method, operation) -> {
            boolean isChange = method != PathItem.HttpMethod.GET && method != PathItem.HttpMethod.HEAD;
            add(operation, "400", badRequest(operation, isChange));
            add(operation, "401", "Authentication is configured, and the credential is missing or not valid");
            add(operation, "403", "The caller does not have the role " + (isChange ? "operator" : "viewer")
                    + (isChange ? ", or the page of another origin makes the call" : ""));
            if (path.contains("{")) {
                add(operation, "404", "There is no such " + lastNamed(path));
            }
            if (method == PathItem.HttpMethod.GET && hasEntityTag(path)) {
                operation.getResponses().addAPIResponse("304", OASFactory.createAPIResponse()
                        .description("If-None-Match has the ETag of the device: no operator has changed it"));
                operation.addParameter(OASFactory.createParameter().name(HttpHeaders.IF_NONE_MATCH)
                        .in(Parameter.In.HEADER).schema(OASFactory.createSchema().addType(Schema.SchemaType.STRING))
                        .description(
                                "The ETag of an earlier answer: the answer is 304 if the device still has that version"));
            }
            add(operation, "406", "Accept allows no media type of the answer");
            add(operation, "413", "The body is larger than 64 KiB");
            if (has(operation, Versions.IF_MATCH)) {
                add(operation, "412", "The device has changed since the answer whose ETag is in If-Match");
            }
            add(operation, "415", "Content-Type is not application/json, or Content-Encoding is not identity");
            if (operation.getRequestBody() != null) {
                add(operation, "422", "A field is well-formed but not valid; errors names it");
            }
            if (isChange) {
                add(operation, "409", "The change is not possible in the current state; detail says why");
                add(operation, "429", "Too many changes; Retry-After says when to try again");
                add(operation, "500", "The change could not be saved to disk and was not made");
            }
            add(operation, "503",
                    "The service is stopping, too many lists are being sent (see Retry-After), or an event loop"
                            + " did not answer in time; after a change, detail says whether it was made");
        });
    }

    private static String badRequest(Operation operation, boolean isChange) {
        List<String> causes = new ArrayList<>();
        if (operation.getRequestBody() != null) {
            causes.add("the body is not JSON, or a field is missing, unknown, duplicate or malformed");
        }
        causes.add("a query parameter is unknown, duplicate or malformed");
        causes.add(isChange
                ? "If-Match is malformed or not supported, or If-None-Match is given"
                : "If-None-Match is malformed");
        causes.add("Host is not a name of this service");
        String text = String.join("; ", causes);
        return Character.toUpperCase(text.charAt(0)) + text.substring(1);
    }

    private static boolean hasEntityTag(String path) {
        return path.endsWith("/{name}") || path.endsWith("/labels") || path.endsWith("/offset")
                || path.endsWith("/faults") || path.endsWith("/faults/{fault}");
    }

    private static String lastNamed(String path) {
        String last = path.substring(path.lastIndexOf('{') + 1, path.lastIndexOf('}'));
        return last.equals("name") ? "device" : "device or " + last;
    }

    private static boolean has(Operation operation, String header) {
        return operation.getParameters() != null && operation.getParameters().stream()
                .anyMatch(parameter -> parameter.getIn() == Parameter.In.HEADER && parameter.getName().equals(header));
    }

    private static void add(Operation operation, String status, String description) {
        APIResponse present = operation.getResponses().getAPIResponse(status);
        // The library adds some responses with nothing but a description.
        if (present != null && present.getContent() != null) {
            return;
        }
        APIResponse response = OASFactory.createAPIResponse().description(description)
                .content(OASFactory.createContent().addMediaType(Problem.MEDIA_TYPE, OASFactory.createMediaType()
                        .schema(OASFactory.createSchema().ref("#/components/schemas/Problem"))));
        operation.getResponses().addAPIResponse(status, response);
    }
}
