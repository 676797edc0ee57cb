package org.felucca.diff;

import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_PATH;

import java.time.Instant;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.diff.FileFacts;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;

/** Looks at paths in a tree. */
final class PathFacts {
  private PathFacts() {}

  static Optional<FileFacts> of(Dir root, String path) {
    try (Descriptor file = root.openInRoot(path, O_PATH | O_NOFOLLOW, 0)) {
      FileStat stat = file.stat();
      return Optional.of(
          new FileFacts(
              name(path),
              switch (stat.type()) {
                case REGULAR -> FileFacts.Kind.FILE;
                case DIRECTORY -> FileFacts.Kind.FOLDER;
                case SYMLINK -> FileFacts.Kind.LINK;
                default -> FileFacts.Kind.OTHER;
              },
              stat.permissions(),
              stat.size(),
              Instant.ofEpochSecond(stat.modified().seconds(), stat.modified().nanos()),
              stat.type() == FileType.SYMLINK ? Dir.readlink(file) : ""));
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static String name(String path) {
    String clean = path.replaceAll("/+$", "");
    return clean.isEmpty() ? "/" : clean.substring(clean.lastIndexOf('/') + 1);
  }

  static void requireFolder(Dir root, String path) {
    try (Descriptor folder = root.openInRoot(path, O_PATH | O_DIRECTORY, 0)) {
      assert folder.stat().type() == FileType.DIRECTORY;
    } catch (LinuxException e) {
      String quoted = Identifiers.quote(path);
      if (e.is(Errno.ENOENT)) {
        throw EngineException.notFound("there is no folder " + quoted + "; make it first");
      } else if (e.is(Errno.ENOTDIR)) {
        throw EngineException.invalid(quoted + " is no folder");
      }
      throw e;
    }
  }
}
