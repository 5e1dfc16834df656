package io.clocktower.device;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** How a directory of the service's own, for sockets or for state, is made: for its owner and group only. */
public final class PrivateDirectory {

    private static final String MODE = "rwxr-x---";

    private PrivateDirectory() {}

    /**
     * Makes sure that there is such a directory and that files can be made in it.
     *
     * @throws IOException that says why not, to be read after the directory's path
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
