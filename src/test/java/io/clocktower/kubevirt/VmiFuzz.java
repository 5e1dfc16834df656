package io.clocktower.kubevirt;

/** A VMI and its annotations: they are read, or refused by a {@link HookException}. */
public final class VmiFuzz {

    private VmiFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        try {
            VmSettings.of(Vmi.parse(input).annotations());
        } catch (HookException _) {
            // The user of the VM reads why.
        }
    }
}
