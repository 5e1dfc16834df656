package io.clocktower.guest;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the kernel's rtctest said of each of its tests; it writes the Test Anything Protocol. */
enum Rtctest {

    PASSED, SKIPPED, FAILED;

    private static final Pattern RESULT = Pattern.compile("^(not )?ok \\d+ rtc\\.(\\w+)( # SKIP.*)?$",
            Pattern.MULTILINE);

    static Map<String, Rtctest> outcomes(String output) {
        return RESULT.matcher(output).results()
                .collect(Collectors.toMap(result -> result.group(2), result -> {
                    if (result.group(1) != null) {
                        return FAILED;
                    }
                    return result.group(3) != null || saysThatItSkips(result.group(2), output) ? SKIPPED : PASSED;
                }, (_, last) -> last, TreeMap::new));
    }

    /** Some tests end early with no more than a remark, and are counted as passed. */
    private static boolean saysThatItSkips(String test, String output) {
        return output.contains(":" + test + ":skip ");
    }
}
