package io.clocktower.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** How many connections HTTP gets. */
class HttpTransportProviderTest {

    @Test
    void httpTakesAtMostAQuarterOfTheDescriptors() {
        assertEquals(1_000, HttpTransportProvider.limit(1_000, 524_288));
        assertEquals(375, HttpTransportProvider.limit(1_000, 1_500));
        assertEquals(20, HttpTransportProvider.limit(20, 1_500));
        assertEquals(1, HttpTransportProvider.limit(1_000, 0));
    }
}
