package io.clocktower.clock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClockSpecTest {

    private static String refusal(ClockType type, Smearing smearing) {
        return assertThrows(IllegalArgumentException.class, () -> new ClockSpec(type, smearing, false)).getMessage();
    }

    @Test
    void aDeviceHasASmearedClockWithAlarmThenTaiMonotonicAndUtcByDefault() {
        assertEquals(List.of(ClockType.UTC_SMEARED, ClockType.TAI, ClockType.MONOTONIC, ClockType.UTC),
                ClockSpec.DEFAULTS.stream().map(ClockSpec::type).toList());
        assertEquals(List.of(Smearing.NOON_LINEAR, Smearing.UNSPECIFIED, Smearing.UNSPECIFIED, Smearing.UNSPECIFIED),
                ClockSpec.DEFAULTS.stream().map(ClockSpec::smearing).toList());
        assertEquals(List.of(true, false, false, false), ClockSpec.DEFAULTS.stream().map(ClockSpec::alarm).toList());
    }

    /**
     * "For VIRTIO_RTC_REQ_CLOCK_CAP, and clock types other than VIRTIO_RTC_CLOCK_UTC_SMEARED, the device MUST set the
     * leap_second_smearing field to VIRTIO_RTC_SMEAR_UNSPECIFIED." VIRTIO 1.4, "Control Requests".
     */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UTC_SMEARED")
    void onlyASmearedClockHasASmearingVariant(ClockType type) {
        assertEquals(Smearing.UNSPECIFIED, new ClockSpec(type, Smearing.UNSPECIFIED, true).smearing());
        refusal(type, Smearing.NOON_LINEAR);
        refusal(type, Smearing.UTC_SLS);
    }

    @ParameterizedTest
    @EnumSource
    void aSmearedClockMayHaveAnyVariant(Smearing smearing) {
        assertEquals(smearing, new ClockSpec(ClockType.UTC_SMEARED, smearing, false).smearing());
    }

    @Test
    void aRefusalNamesTheFieldAndWhatWasExpected() {
        assertEquals(
                "smearing: noon-linear, expected unspecified for a clock of type tai: only utc-smeared clocks have a "
                        + "smearing variant",
                refusal(ClockType.TAI, Smearing.NOON_LINEAR));
        assertEquals("smearing: missing, expected one of unspecified, noon-linear, utc-sls",
                refusal(ClockType.UTC, null));
        assertEquals("type: missing, expected one of utc, tai, monotonic, utc-smeared, utc-maybe-smeared",
                refusal(null, Smearing.UNSPECIFIED));
    }
}
