package io.clocktower.security;

import java.util.Map;

/** A rejected call; {@link Problems} answers it. */
final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Map<String, String> headers;

    /**
     * @param detail for a person
     * @param headers that go with the status
     */
    Refusal(int status, String detail, Map<String, String> headers) {
        super(detail, null, false, false);
        this.status = status;
        this.headers = headers;
    }

    Refusal(int status, String detail) {
        this(status, detail, Map.of());
    }

    int status() {
        return status;
    }

    Map<String, String> headers() {
        return headers;
    }
}
