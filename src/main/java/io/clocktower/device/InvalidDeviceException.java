package io.clocktower.device;

import java.util.List;
import java.util.stream.Collectors;

/** A device is asked for that cannot be, whatever else there is. It has all that is wrong with it. */
public final class InvalidDeviceException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final transient List<FieldFault> faults;

    /**
     * @param faults at least one
     */
    InvalidDeviceException(List<FieldFault> faults) {
        super(faults.stream().map(FieldFault::toString).collect(Collectors.joining("; ")));
        this.faults = List.copyOf(faults);
    }

    public List<FieldFault> faults() {
        return faults;
    }
}
