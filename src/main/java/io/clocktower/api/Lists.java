package io.clocktower.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.clocktower.device.StatusPages;
import io.clocktower.spec.DeviceException;
import io.clocktower.status.DeviceStatus;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.ServiceUnavailableException;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.RestResponse.ResponseBuilder;

/**
 * Writes the lists that have entries for each device. A list is written while it is made, so that a thousand devices need
 * little more memory than one. Few lists are written at a time, and each client has a limited time to read one. Thread-safe;
 * not for an event loop, because a slow client blocks the thread.
 */
@ApplicationScoped
public class Lists {

    private static final int MAX_AT_ONCE = 4;
    private static final long WAIT_MS = 10_000;
    private static final long RETRY_AFTER_S = 1;
    private static final long MAX_TIME_MS = 30_000;

    private final Semaphore places = new Semaphore(MAX_AT_ONCE, true);
    private final ObjectMapper mapper;
    private final Vertx vertx;

    Lists(ObjectMapper mapper, Vertx vertx) {
        this.mapper = mapper;
        this.vertx = vertx;
    }

    /** The statuses, of which one page is in memory at a time. */
    static Stream<DeviceStatus> stream(StatusPages pages) {
        return Stream.generate(() -> next(pages)).takeWhile(page -> page != null).flatMap(List::stream);
    }

    private static List<DeviceStatus> next(StatusPages pages) {
        try {
            return pages.hasNext() ? pages.next() : null;
        } catch (DeviceException e) {
            throw new ServiceUnavailableException(e.getMessage());
        }
    }

    /**
     * A JSON array.
     *
     * @param entries is asked when it is the list's turn; if its first entry throws, the answer is a problem document
     */
    StreamingOutput json(HttpServerRequest request, Supplier<Stream<?>> entries) {
        return limited(request, out -> {
            Iterator<?> iterator = entries.get().iterator();
            boolean hasNext = iterator.hasNext();
            out.write('[');
            while (hasNext) {
                out.write(mapper.writeValueAsBytes(iterator.next()));
                hasNext = iterator.hasNext();
                if (hasNext) {
                    out.write(',');
                }
            }
            out.write(']');
        });
    }

    /**
     * An aligned table.
     *
     * @param rows is asked when it is the table's turn
     */
    RestResponse<StreamingOutput> table(HttpServerRequest request, List<String> head,
            Supplier<Stream<List<Object>>> rows) {
        return ResponseBuilder
                .ok(limited(request, out -> out.write(Table.text(head, rows.get()).getBytes(StandardCharsets.UTF_8))))
                .type(Table.TYPE).build();
    }

    /** Writes an answer. */
    @FunctionalInterface
    private interface Writer {
        void write(OutputStream out) throws IOException;
    }

    private StreamingOutput limited(HttpServerRequest request, Writer writer) {
        return out -> {
            await();
            long cutOff = vertx.setTimer(MAX_TIME_MS, _ -> request.connection().close());
            try {
                writer.write(out);
            } finally {
                vertx.cancelTimer(cutOff);
                places.release();
            }
        };
    }

    private void await() {
        try {
            if (!places.tryAcquire(WAIT_MS, TimeUnit.MILLISECONDS)) {
                throw new ServiceUnavailableException(
                        "%d lists are being sent already; try again later.".formatted(MAX_AT_ONCE), RETRY_AFTER_S);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServiceUnavailableException("The service is stopping.");
        }
    }
}
