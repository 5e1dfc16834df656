package io.clocktower.state;

import java.io.IOException;
import java.util.Map;

/** A disk that lets something happen just before or after it has written, or that is full. */
public final class HookedFiles implements StateFiles {

    private final StateFiles files;
    private volatile Runnable before = () -> {};
    private volatile Runnable after = () -> {};
    private volatile boolean isFull;

    public HookedFiles(StateFiles files) {
        this.files = files;
    }

    /** Runs something once, on the writing thread, before the next content is on disk. */
    public void beforeNextWrite(Runnable act) {
        before = act;
    }

    /** The same when it is on disk. */
    public void afterNextWrite(Runnable act) {
        after = act;
    }

    public void setFull(boolean isFull) {
        this.isFull = isFull;
    }

    @Override
    public Map<String, byte[]> read() throws IOException {
        return files.read();
    }

    @Override
    public void write(String name, byte[] content) throws IOException {
        Runnable act = before;
        before = () -> {};
        act.run();
        if (isFull) {
            throw new IOException("cannot write " + name + ".json: No space left on device");
        }
        files.write(name, content);
        act = after;
        after = () -> {};
        act.run();
    }

    @Override
    public void delete(String name) throws IOException {
        files.delete(name);
    }

    @Override
    public void setAside(String name, String reason) {
        files.setAside(name, reason);
    }

    @Override
    public void copyAside(String name, String reason) {
        files.copyAside(name, reason);
    }

    @Override
    public long next(String sequence) throws IOException {
        return files.next(sequence);
    }

    /** Plans are on the same disk; only a full one is noticed there. */
    @Override
    public StateFiles plans() {
        var plans = new HookedFiles(files.plans());
        plans.isFull = isFull;
        return plans;
    }
}
