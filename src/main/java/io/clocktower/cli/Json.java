package io.clocktower.cli;

import com.fasterxml.jackson.databind.ObjectMapper;

/** Reads and writes JSON. In a class of its own: commands that print tables do without. */
final class Json {

    static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}
}
