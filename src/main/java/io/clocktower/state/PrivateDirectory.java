package io.clocktower.state;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Creates a directory of the service, for sockets or for state: for its owner and group only. */
public final class PrivateDirectory {

    private static final String MODE = "rwxr-x---";

    private PrivateDirectory() {}

    /**
     * Makes sure that the directory exists and that files can be created in it.
     *
     * @throws IOException whose message continues the directory's path: {@code is not writable}
     */
    public static void prepare(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            try {
                if (directory.getParent() != null) {
                    Files.createDirectories(directory.getParent());
                }
                Files.createDirectory(directory,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
            } catch (IOException e) {
                throw new IOException(reason(directory, e), e);
            }
        }
        if (!Files.isWritable(directory)) {
            throw new IOException("is not writable");
        }
    }

    private static String reason(Path directory, IOException e) {
        String file = e instanceof FileSystemException failure ? failure.getFile() : null;
        String subject = file == null || file.equals(directory.toString()) ? "" : file + " ";
        return subject + switch (e) {
            case FileAlreadyExistsException _ -> "is not a directory";
            case AccessDeniedException _ -> "cannot be created: permission denied";
            case NoSuchFileException _ -> "cannot be created there";
            case FileSystemException failure -> "cannot be created: " + failure.getReason();
            default -> "cannot be created: " + e.getMessage();
        };
    }
}
