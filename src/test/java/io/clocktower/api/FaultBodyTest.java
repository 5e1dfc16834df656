package io.clocktower.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.clocktower.clock.Effect;
import io.clocktower.fault.EffectKind;
import io.clocktower.fault.FaultRequest;
import io.clocktower.fault.Member;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultBodyTest {

    private final ObjectMapper json = new ObjectMapper().registerModules(new JavaTimeModule(), new Jdk8Module());

    @BeforeEach
    void prepare() {
        new StrictJson().customize(json);
    }

    private FaultRequest request(String body) throws Exception {
        return json.readValue(body.replace('\'', '"'), FaultBody.class).request("ada");
    }

    @Test
    void theExampleOfEveryKindIsAFaultOfThatKind() throws Exception {
        for (EffectKind<?> kind : EffectKind.ALL) {
            assertEquals(kind, EffectKind.of(request(kind.example()).effect()));
        }
    }

    @Test
    void aFaultIsAsItsFieldsSay() throws Exception {
        assertEquals(new FaultRequest(Optional.of(1), new Effect.Jitter(50_000_000, 1_000, 0),
                Optional.of(Instant.parse("2026-12-31T23:00:00Z")), Optional.of(Duration.ofMinutes(5)), "ada", "bob",
                "why"),
                request("""
                        {'type':'jitter','clock':1,'start':'2026-12-31T23:00:00Z','duration':'5m','author':'bob',
                         'reason':'why','range':'50ms','intervalNs':1000,'seed':null,'rangeNs':null,'offset':null}"""));
        assertEquals(new FaultRequest(Optional.empty(), new Effect.Freeze(), Optional.empty(), Optional.empty(), "ada",
                ""), request("{'type':'freeze'}"));
    }

    @Test
    void aFaultBeginsNowOrAfterATime() throws Exception {
        assertEquals(Optional.empty(), request("{'type':'freeze','start':'now'}").start());
        Instant before = Instant.now();
        Instant start = request("{'type':'freeze','after':'5m'}").start().orElseThrow();
        assertFalse(start.isBefore(before.plusSeconds(300)));
        assertFalse(start.isAfter(Instant.now().plusSeconds(300)));
        assertEquals("bob", request("{'type':'freeze','onBehalfOf':'bob'}").onBehalfOf());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{} | 400 | type: missing, expected one of step, set, drift, slew, freeze, jitter, strobe, leap-second",
            "{'type':'stp'} | 400 | type: \"stp\", expected one of step, set, drift, slew, freeze, jitter, strobe, leap-second",
            "{'type':'step'} | 400 | offset: missing, a fault of type step needs it",
            "{'type':'step','offset':5} | 400 | offset: 5, expected a duration such as 5m, 50us or PT5M, -292 years to 292 years",
            "{'type':'step','offsetNs':'5'} | 400 | offsetNs: \"5\", expected a whole number of nanoseconds, -292 years to 292 years",
            "{'type':'drift','ratePpb':1.5} | 400 | ratePpb: 1.5, expected a whole number from -999999999 to 999000000000",
            "{'type':'drift','ratePpb':99999999999999999999} | 400 | ratePpb: 99999999999999999999, expected a whole number from -999999999 to 999000000000",
            "{'type':'drift','ratePpb':true} | 400 | ratePpb: true, expected a whole number from -999999999 to 999000000000",
            "{'type':'drift','ratePpb':[1]} | 400 | ratePpb: a list, expected a whole number from -999999999 to 999000000000",
            "{'type':'drift','ratePpb':-1000000000} | 422 | ratePpb: -1000000000, expected -999999999 to 999000000000",
            "{'type':'slew','offset':'-1s','ratePpb':1000000000} | 422 | ratePpb: 1000000000, expected 1 to 999999999 with a negative offset",
            "{'type':'freeze','start':'now','after':'5s'} | 400 | after: expected either start or after, got both",
            "{'type':'freeze','after':'-5s'} | 422 | after: -5s, expected 0s to 3650 days",
            "{'type':'freeze','author':'bob','onBehalfOf':'bob'} | 400 | author: expected either onBehalfOf or author, got both",
            "{'type':'freeze','seed':1} | 400 | seed: not a field of a fault of type freeze",
            "{'type':'freeze','sed':1} | 400 | sed: unknown field",
            "{'type':'step','offset':'1s','offsetNs':1} | 422 | offset: expected either offset or offsetNs, got both",
            "{'type':'step','offset':'-P200000D'} | 422 | offset: -P200000D, expected -292 years to 292 years",
            "{'type':'jitter','range':'1s','interval':'1ns'} | 422 | interval: 1ns, expected 1us or more",
            "{'type':'jitter','range':'1s','intervalNs':1} | 422 | intervalNs: 1, expected 1000 or more",
            "{'type':'strobe','delta':'1s','period':'-PT1S'} | 422 | period: -PT1S, expected 1us or more",
            "{'type':'set','time':'x'} | 400 | time: \"x\", expected a time such as \"2026-12-31T23:59:59Z\"",
            "{'type':'set','time':'1969-12-31T23:59:59Z'} | 422 | time: 1969-12-31T23:59:59Z, expected 1970-01-01T00:00:00Z to 2554-07-21T23:34:33.709551614Z",
            "{'type':'leap-second','month':'2026-13','change':'insert'} | 400 | month: \"2026-13\", expected a month such as \"2026-12\"",
            "{'type':'leap-second','month':'1971-12','change':'insert'} | 422 | month: 1971-12, expected 1972-01 to 2261-12",
            "{'type':'leap-second','month':'2026-12','change':'add'} | 400 | change: \"add\", expected one of insert, delete"})
    void anErrorNamesTheFieldThatWasSentAndItsRange(String body, int status, String error) {
        var refusal = assertThrows(FieldsException.class, () -> request(body));
        assertEquals(status, refusal.getResponse().getStatus());
        var first = refusal.problem().errors().getFirst();
        assertEquals(error, first.field() + ": " + first.detail());
    }

    /** Each duration of each kind, at and beyond what 64 bits of nanoseconds hold. */
    @Test
    void aDurationThatIsTooLongIsRefusedWithItsRange() throws Exception {
        for (EffectKind<?> kind : EffectKind.ALL) {
            for (Member<?> member : kind.members()) {
                for (String wrong : List.of("PT-9223372036854775808S", "PT9223372036854775807S",
                        "9223372036854775808ns", "-9223372036854775809ns")) {
                    if (member.type() == Member.Type.DURATION) {
                        ObjectNode body = (ObjectNode) json.readTree(kind.example().replace('\'', '"'));
                        var refusal = assertThrows(FieldsException.class,
                                () -> request(body.put(member.name(), wrong).toString()));
                        assertEquals(422, refusal.getResponse().getStatus());
                        assertEquals(member.name() + ": " + wrong + ", expected " + member.range(),
                                refusal.problem().detail());
                    }
                }
            }
        }
    }

    @Test
    void everyNumberIsAcceptedOrRefusedByItsFieldAtTheLimits() throws Exception {
        for (EffectKind<?> kind : EffectKind.ALL) {
            for (Member<?> member : kind.members()) {
                String field = member.type() == Member.Type.DURATION ? member.inNs() : member.name();
                for (long number : new long[]{Long.MIN_VALUE, -1_000_000_000, -999_999_999, -1, 0, 1, 999, 1_000,
                        1L << 62,
                        (1L << 62) + 1, Effect.HIGHEST_RATE_PPB, Effect.HIGHEST_RATE_PPB + 1, Long.MAX_VALUE}) {
                    if (member.type() == Member.Type.DURATION || member.type() == Member.Type.NUMBER) {
                        ObjectNode body = (ObjectNode) json.readTree(kind.example().replace('\'', '"'));
                        body.remove(member.name());
                        try {
                            Effect effect = request(body.put(field, number).toString()).effect();
                            assertEquals(number, EffectKind.json(effect).get(field));
                        } catch (FieldsException e) {
                            assertEquals(422, e.getResponse().getStatus());
                            assertTrue(e.problem().errors().stream()
                                    .allMatch(error -> error.field().equals(field) || error.field().equals("ratePpb")));
                        }
                    }
                }
            }
        }
    }
}
