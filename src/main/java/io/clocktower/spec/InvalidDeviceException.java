package io.clocktower.spec;

import java.util.List;
import java.util.stream.Collectors;

/** The specification of a device is not valid, whatever other devices exist. */
public final class InvalidDeviceException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<FieldError> faults;

    /**
     * @param faults at least one
     */
    InvalidDeviceException(List<FieldError> faults) {
        super(faults.stream().map(FieldError::toString).collect(Collectors.joining("; ")));
        this.faults = List.copyOf(faults);
    }

    public List<FieldError> faults() {
        return faults;
    }
}
