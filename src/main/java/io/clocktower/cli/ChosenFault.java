package io.clocktower.cli;

import com.fasterxml.jackson.databind.JsonNode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What the commands about one fault of a device have in common. */
final class ChosenFault {

    @Mixin
    private Connection connection;
    @Parameters(index = "0", paramLabel = "DEVICE")
    private String device;
    @Parameters(index = "1", paramLabel = "FAULT")
    private String fault;

    Connection connection() {
        return connection;
    }

    /**
     * Makes a call about the fault.
     *
     * @param more after the path of the fault
     * @param body null for none
     */
    JsonNode call(String method, String more, JsonNode body) {
        return connection.api().call(method, FaultCommands.path(device, fault) + more, body);
    }

    /** As it is named in a sentence. */
    @Override
    public String toString() {
        return fault + " of " + device;
    }
}
