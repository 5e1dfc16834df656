package io.clocktower.guest;

import io.clocktower.setup.SetUp;
import java.nio.file.Path;

/** The QEMU, the kernel and the initramfs that {@code src/test/vm/set-up} makes. */
record GuestStack(Path qemu, Path kernel, Path initrd) {

    private static final SetUp SET_UP = new SetUp("src/test/vm/set-up", "no guest can be run");

    /** Whether the stack is there, after it was set up where this had not been done yet. */
    static boolean isThere() {
        return SET_UP.isThere();
    }

    /**
     * The stack. Where there is none and none can be set up, the test that asks is skipped, or fails if the environment
     * says {@code CI=true}; either way with what is missing.
     */
    static GuestStack require() {
        var files = SET_UP.require();
        return new GuestStack(files.get("qemu"), files.get("kernel"), files.get("initrd"));
    }
}
