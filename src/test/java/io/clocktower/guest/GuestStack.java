package io.clocktower.guest;

import io.clocktower.setup.SetUp;
import java.nio.file.Path;

/**
 * What {@code src/test/vm/set-up} makes.
 *
 * @param initrd an initramfs that is a guest by itself, and boots the other one
 * @param debian the root file system of a Debian guest with systemd
 */
public record GuestStack(Path qemu, Path kernel, Path initrd, Path debian) {

    private static final SetUp SET_UP = new SetUp("src/test/vm/set-up", "no guest can be run");

    /** Whether the stack is there, after it was set up where this had not been done yet. */
    static boolean isThere() {
        return SET_UP.isThere();
    }

    /**
     * The stack. Where there is none and none can be set up, the test that asks is skipped, or fails if the environment
     * says {@code CI=true}; either way with what is missing.
     */
    public static GuestStack require() {
        var files = SET_UP.require();
        return new GuestStack(files.get("qemu"), files.get("kernel"), files.get("initrd"), files.get("debian"));
    }
}
