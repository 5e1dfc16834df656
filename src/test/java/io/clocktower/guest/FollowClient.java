package io.clocktower.guest;

import static io.clocktower.guest.CloudConfig.DIRECTORY;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What keeps a guest's clock: each is set up by the files of {@code deployment/guest}, as docs/guests.md says. */
enum FollowClient {

    CHRONY("user-data-follow-chrony.yaml", "chrony", Duration.ofSeconds(10)),

    PHC2SYS("user-data-follow-phc2sys.yaml", "clocktower-phc2sys", Duration.ofSeconds(3)),

    CHRONY_TAI("user-data-follow-chrony.yaml", "chrony", Duration.ofSeconds(10)) {
        @Override
        List<CloudConfig.WrittenFile> moreFiles() throws IOException {
            return List.of(file("/etc/chrony/chrony.conf", "chrony-follow-tai.conf"));
        }
    },

    PHC2SYS_TAI("user-data-follow-phc2sys.yaml", "clocktower-phc2sys", Duration.ofSeconds(3)) {
        @Override
        List<CloudConfig.WrittenFile> moreFiles() throws IOException {
            return List.of(file(PHC2SYS_OPTIONS, "clocktower-phc2sys-tai.conf"));
        }
    };

    private static final String PHC2SYS_OPTIONS = "/etc/systemd/system/clocktower-phc2sys.service.d/tai.conf";

    private final String userData;
    private final String service;
    private final Duration limit;

    FollowClient(String userData, String service, Duration limit) {
        this.userData = userData;
        this.service = service;
        this.limit = limit;
    }

    /** The unit that runs it. */
    String service() {
        return service;
    }

    /** Within which time it has to follow a jump on a quiet machine. */
    Duration limit() {
        return limit;
    }

    /** Besides those of the user data. */
    List<CloudConfig.WrittenFile> moreFiles() throws IOException {
        return List.of();
    }

    /** Sets a guest up for it, whichever it had before. */
    void apply(GuestVm vm) throws IOException {
        new CloudConfig(List.of(), List.of("systemctl disable --now chrony || true",
                "systemctl disable --now clocktower-phc2sys || true", "rm -f " + PHC2SYS_OPTIONS)).apply(vm);
        CloudConfig.read(userData).apply(vm);
        if (!moreFiles().isEmpty()) {
            new CloudConfig(moreFiles(), List.of("systemctl daemon-reload", "systemctl restart " + service)).apply(vm);
        }
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static CloudConfig.WrittenFile file(String path, String name) throws IOException {
        return new CloudConfig.WrittenFile(path, Files.readString(DIRECTORY.resolve(name)), false);
    }
}
