package io.clocktower.security;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which paths are in normal form. */
class PathFilterTest {

    private static int status(String path) {
        return PathFilter.refusal(path).map(Refusal::status).orElse(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/api/v1/devices", "/api/v1/devices/", "/q/swagger-ui/index.html",
            "/a:b@c,d=e+f!$&'()*~_",
            "/%20", "/%C3%A9", "/a%25b", "/...", "/.hidden", "/%3Ca%3E", "/%ff"})
    void aPathInNormalFormIsLetThrough(String path) {
        assertEquals(200, status(path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "", "x", "/a;b", "/a;", "/;", "//", "/a//b", "//a", "/a//", "/./a", "/a/.", "/a/..",
            "/../a",
            "/a/../b", "/%2e%2e/a", "/a%2Fb", "/a%2fb", "/a%5Cb", "/a%3Bb", "/%61", "/%5A", "/%30", "/%7e", "/%00",
            "/%0a",
            "/%1F", "/%7F"})
    void anotherSpellingIsNotFound(String path) {
        assertEquals(404, status(path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%", "/%a", "/%zz", "/a%2", "/a%G0b", "/a b", "/a\\b", "/é", "/a\u0001", "/%+1", "/\"",
            "/a|b"})
    void whatIsNoPathIsABadRequest(String path) {
        assertEquals(400, status(path));
    }
}
