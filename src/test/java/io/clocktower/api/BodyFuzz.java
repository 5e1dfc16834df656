package io.clocktower.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.fuzz.Choices;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The bodies of the REST calls: they are read, or refused by an exception that has an answer. */
public final class BodyFuzz {

    private static final ObjectMapper JSON = new ObjectMapper().registerModules(new JavaTimeModule(),
            new Jdk8Module());
    static {
        new StrictJson().customize(JSON);
    }

    private BodyFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        var choices = new Choices(input);
        int kind = choices.u8();
        byte[] body = choices.rest();
        try {
            switch (kind % 4) {
                case 0 -> JSON.readValue(body, FaultBody.class).request("caller");
                case 1 -> JSON.readValue(body, OffsetBody.class).request(Optional.empty(), "caller");
                case 2 -> JSON.readValue(body, PlanBody.class).plan("caller");
                default -> JSON.readValue(body, DeviceRequest.class).toSpec(Path.of("/run/clocktower"));
            }
        } catch (JsonProcessingException | CharConversionException | FieldsException _) {
            // Its answer names what is wrong.
        }
    }
}
