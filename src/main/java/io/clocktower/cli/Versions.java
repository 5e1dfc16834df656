package io.clocktower.cli;

import io.clocktower.spec.Build;
import picocli.CommandLine.IVersionProvider;

/** The version of this command, and the commit that it was built from. */
final class Versions implements IVersionProvider {

    @Override
    public String[] getVersion() {
        Build build = Build.read();
        return new String[]{"clocktower %s (commit %s)".formatted(build.version(), build.commit())};
    }
}
