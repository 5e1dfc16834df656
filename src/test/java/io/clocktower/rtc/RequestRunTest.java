package io.clocktower.rtc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestRunTest {

    private final List<String> reported = new ArrayList<>();
    private final RequestObserver observer = new RequestObserver() {

        @Override
        public void onRequests(RequestType type, Status status, int count, long ns) {
            reported.add("%d x %s %s of %d ns".formatted(count, type, status, ns));
        }

        @Override
        public void onReads(int clockId, int count, long nowNs) {
            assertEquals(RequestRunTest.this.nowNs, nowNs);
            reported.add("clock %d read %d times".formatted(clockId, count));
        }
    };
    private long nowNs = 1_000;
    private final RequestRun run = new RequestRun(observer, () -> nowNs);

    private void request(RequestType type, long ns, Status status, int readClock) {
        run.beginRequest(type);
        nowNs += ns;
        run.endRequest(status, readClock);
    }

    @Test
    void requestsThatEndAlikeShareTheirTime() {
        run.begin();
        for (int i = 0; i < 4; i++) {
            request(RequestType.READ, 100, Status.OK, 2);
        }
        assertEquals(List.of(), reported);
        run.end();
        assertEquals(List.of("4 x READ OK of 100 ns", "clock 2 read 4 times"), reported);
    }

    @Test
    void anotherTypeHasATimeOfItsOwn() {
        run.begin();
        request(RequestType.READ, 10, Status.OK, 0);
        request(RequestType.CFG, 20, Status.OK, RequestRun.NO_CLOCK);
        request(RequestType.CFG, 20, Status.EINVAL, RequestRun.NO_CLOCK);
        request(RequestType.READ, 30, Status.ENODEV, RequestRun.NO_CLOCK);
        run.end();
        assertEquals(List.of("1 x READ OK of 10 ns", "clock 0 read 1 times", "1 x CFG OK of 40 ns",
                "1 x CFG EINVAL of 0 ns", "1 x READ ENODEV of 30 ns"), reported);
    }

    @Test
    void withoutRequestsNothingIsReported() {
        run.begin();
        run.end();
        run.end();
        assertEquals(List.of(), reported);
    }
}
