package io.clocktower.handover;

import io.clocktower.linux.Descriptor;
import io.clocktower.linux.LinuxException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The descriptors that came with a record. Each place of the record that names one gets a duplicate, which is the record's once
 * the record was read, and is closed if it cannot be read.
 */
final class PassedDescriptors implements AutoCloseable {

    private final List<Descriptor> passed;
    private final List<Descriptor> duplicates = new ArrayList<>();

    /**
     * @param passed become this object's
     */
    PassedDescriptors(List<Descriptor> passed) {
        this.passed = passed;
    }

    /**
     * @throws IOException if there is no such descriptor, or this process cannot have another one
     */
    Descriptor at(int place) throws IOException {
        if (place < 0 || place >= passed.size()) {
            throw new IOException("descriptor %d of %d".formatted(place, passed.size()));
        }
        try {
            Descriptor duplicate = passed.get(place).duplicate();
            duplicates.add(duplicate);
            return duplicate;
        } catch (LinuxException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * The record was read, and has the duplicates from now on.
     *
     * @param used those that the record has
     * @throws IOException if it has not all of them: a member that is there twice counts once
     */
    void release(Collection<Descriptor> used) throws IOException {
        if (used.size() != duplicates.size()) {
            throw new IOException("%d descriptors in the record, and %d in its members".formatted(duplicates.size(),
                    used.size()));
        }
        duplicates.clear();
    }

    @Override
    public void close() {
        passed.forEach(Descriptor::close);
        duplicates.forEach(Descriptor::close);
    }
}
