package io.clocktower.metrics;

import io.clocktower.audit.CallCounts;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * The state of the HTTP server.
 *
 * @param connections how many are open
 * @param limit how many may be open
 * @param refused how many were refused since the start, because all others were in use
 * @param calls how often calls of each kind were answered
 * @param certificateExpiry when the certificate of HTTPS expires; empty without TLS
 */
record HttpStatus(int connections, int limit, long refused, Optional<Instant> certificateExpiry,
        Map<CallCounts.Key, LongAdder> calls) {}
