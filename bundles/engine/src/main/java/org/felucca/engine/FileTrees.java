package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Trees;

/** Folders of the engine, made and taken away. */
final class FileTrees {
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final int ATTEMPTS = 3;

  private FileTrees() {}

  /** Makes a folder, and what is missing above it, for the engine alone. */
  static Path make(Path folder) throws IOException {
    return Files.createDirectories(folder, PRIVATE);
  }

  /**
   * Deletes a folder and what is in it; follows no link, crosses no mount; quiet if there is none.
   */
  static void delete(Path folder) {
    Path parent = folder.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      return;
    }
    for (int attempt = 1; ; attempt++) {
      try (Dir dir = Dir.open(parent.toString())) {
        Trees.delete(dir, folder.getFileName().toString());
        return;
      } catch (LinuxException e) {
        // Whoever rotates or compresses a log just now has put one more file into it.
        if (!e.is(Errno.ENOTEMPTY) || attempt == ATTEMPTS) {
          throw new EngineException(
              ErrorKind.INTERNAL, "delete " + folder + ": " + e.getMessage(), e);
        }
      }
    }
  }
}
