package io.clocktower.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** By which names the service may be called, and from which pages. */
class HostNamesTest {

    private static final HostNames LOOPBACK = HostNames.of(true, "127.0.0.1", List.of("Tower.example"));
    private static final HostNames ELSEWHERE = HostNames.of(false, "0.0.0.0", Set.of());

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LocalHost:1", "localhost.", "127.0.0.1", "127.0.0.1:65535", "127.1.2.3",
            "[::1]", "[::1]:8090", "tower.example", "TOWER.EXAMPLE:1"})
    void onLoopbackTheseAreAllowed(String authority) {
        assertTrue(LOOPBACK.allow(authority));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "localhost:", "localhost:x", "localhost:123456", "localhost.evil.example",
            "evil.example", "127.0.0.1.evil.example", "127.evil.example", "10.0.0.1", "[::2]", "[::1", "::1",
            "localhost/", "a@localhost", "localhost, evil.example", "tower.example.org", "127.0.0.256", "127.0.1"})
    void onLoopbackTheseAreNot(String authority) {
        assertFalse(LOOPBACK.allow(authority));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:1", "10.0.0.1", "255.255.255.255:1", "[fd00::1]:8090", "[::ffff:10.0.0.1]"})
    void elsewhereAddressesAreAllowed(String authority) {
        assertTrue(ELSEWHERE.allow(authority));
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "10.0.0.256", "10.0.0", "1.2.3.4.5", "tower.example"})
    void elsewhereOtherNamesAreNot(String authority) {
        assertFalse(ELSEWHERE.allow(authority));
    }

    @Test
    void anyNameMayBeAllowed() {
        assertTrue(HostNames.of(true, "127.0.0.1", List.of("*")).allow("evil.example:1"));
    }

    @ParameterizedTest
    @CsvSource({"http://localhost:8090,localhost:8090,true", "http://LOCALHOST:8090,localhost:8090,true",
            "http://tower,tower:80,true", "http://tower:80,tower,true", "https://tower,tower:443,true",
            "https://tower,tower,true", "http://[::1]:8090,[::1]:8090,true",
            "http://localhost:8091,localhost:8090,false",
            "http://evil.example,localhost,false", "null,localhost,false", "file://,localhost,false",
            "http://localhost@evil.example,localhost,false", "http://localhost/x,localhost,false",
            "http://localhost.evil.example,localhost,false", "https://localhost:8090,localhost,false"})
    void aPageIsTheServicesOwnWhereItsOriginIsTheHost(String origin, String authority, boolean isSame) {
        assertEquals(isSame, HostNames.isSame(origin, authority));
    }

    @ParameterizedTest
    @CsvSource({"tower,true", "tower.example,true", "*,true", "10.0.0.1,true", "[fd00::1],true", "tower:80,false",
            "http://tower,false", "a b,false", "'',false", "*.example,false"})
    void namesAreConfiguredWithoutAPort(String name, boolean isName) {
        assertEquals(isName, HostNames.isName(name));
    }
}
