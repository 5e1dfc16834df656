package io.clocktower.state;

import java.io.IOException;
import java.util.Map;

/**
 * Where state is kept: a sequence of bytes for each device, by its name, and numbers that only rise. {@link #plans} are files
 * of the same kind with a sequence of bytes for each plan, by its id.
 * Thread-safe. Each call can wait for a disk, so an event loop makes none.
 */
public interface StateFiles {

    /**
     * Everything that is kept, by the device's name. What cannot be read is set aside and left out.
     *
     * @throws IOException if nothing can be read
     */
    Map<String, byte[]> read() throws IOException;

    /**
     * Replaces what is kept of a device. Once this returns, the content survives a loss of power.
     *
     * @throws IOException that says what could not be written and why; the old content is still kept
     */
    void write(String name, byte[] content) throws IOException;

    /**
     * Forgets a device. Once this returns, that survives a loss of power.
     *
     * @throws IOException that says what could not be deleted and why
     */
    void delete(String name) throws IOException;

    /**
     * Puts a device's content, which cannot be used, where a person finds it and the service does not. Never fails: the
     * log says what became of it.
     *
     * @param reason what is wrong with the content
     */
    void setAside(String name, String reason);

    /** The same with a copy: the content stays where it is as well. */
    void copyAside(String name, String reason);

    /**
     * The next number of a sequence, 1 the first time. It is on disk before this returns, so it never comes again.
     *
     * @param sequence a name as of a device
     * @throws IOException that says what could not be read or written and why
     */
    long next(String sequence) throws IOException;

    /** The files of plans. */
    StateFiles plans();
}
