package org.felucca.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The engine's folders, made and checked at every start: owned by the engine's user, writable for
 * nobody else, and no links.
 */
final class Folders {
  private static final Logger LOG = Logger.getLogger(Folders.class.getName());

  /** What a unix socket's path may have at most, in bytes: sun_path less the closing zero. */
  static final int LONGEST_SOCKET = 107;

  /**
   * What bundles add to the state folder for a socket at most: {@code /s/} and a hash of 32 hex
   * digits.
   */
  private static final int LONGEST_NAME = 35;

  private Folders() {}

  /**
   * Refuses paths below which no socket can be bound, while there is still somebody to read the
   * message.
   */
  static void checkSocketPaths(Options options) throws StartException {
    int state = length(options.state());
    if (state + LONGEST_NAME > LONGEST_SOCKET) {
      throw new StartException(
          "the state folder "
              + options.state()
              + " is too long: it has "
              + state
              + " bytes, and sockets below it would pass the kernel's limit of "
              + LONGEST_SOCKET
              + "; give a --state of at most "
              + (LONGEST_SOCKET - LONGEST_NAME)
              + " bytes");
    }
    int address = length(options.address()) + Sockets.EVENTS_SUFFIX.length();
    if (address > LONGEST_SOCKET) {
      throw new StartException(
          "the address "
              + options.address()
              + " is too long: with "
              + Sockets.EVENTS_SUFFIX
              + " it has "
              + address
              + " bytes, and the kernel takes "
              + LONGEST_SOCKET
              + "; give a shorter --address");
    }
  }

  private static int length(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length;
  }

  /**
   * Makes a folder unless it is there, and sees to its mode.
   *
   * @param mode as of {@link PosixFilePermissions}, such as {@code rwx--x--x}
   * @throws StartException if it is not a folder, is another user's, or others may write in it
   */
  static void prepare(Path folder, String mode) throws StartException {
    Set<PosixFilePermission> wanted = PosixFilePermissions.fromString(mode);
    try {
      Path parent = folder.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      try {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(wanted));
      } catch (FileAlreadyExistsException e) {
        check(folder);
      }
      Map<String, Object> now =
          Files.readAttributes(folder, "posix:permissions", LinkOption.NOFOLLOW_LINKS);
      if (!wanted.equals(now.get("permissions"))) {
        Files.setPosixFilePermissions(folder, wanted);
        LOG.log(Level.FINE, "folder mode set path={0} mode={1}", new Object[] {folder, mode});
      }
    } catch (IOException e) {
      throw new StartException(
          "cannot prepare the folder "
              + folder
              + ": "
              + reason(e)
              + "; check its parent, or give another",
          e);
    }
  }

  private static void check(Path folder) throws IOException, StartException {
    Map<String, Object> is =
        Files.readAttributes(folder, "unix:uid,mode,isDirectory", LinkOption.NOFOLLOW_LINKS);
    if (!Boolean.TRUE.equals(is.get("isDirectory"))) {
      throw new StartException(folder + " is not a folder; move it away, or give another");
    }
    Object uid = is.get("uid");
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!self.equals(uid)) {
      throw new StartException(
          folder
              + " belongs to user "
              + uid
              + " and not to user "
              + self
              + ", who runs the engine; chown it, or give another");
    }
    if (is.get("mode") instanceof Integer mode && (mode & 0022) != 0) {
      throw new StartException(
          folder
              + " may be written by others (mode "
              + Integer.toOctalString(mode & 07777)
              + "), so its content cannot be trusted; look at what is in it, then chmod go-w "
              + folder);
    }
  }

  /**
   * The system's reason, without the path that most of Java's file exceptions have as their
   * message.
   */
  static String reason(IOException e) {
    if (e instanceof java.nio.file.FileSystemException f && f.getReason() != null) {
      return f.getReason();
    }
    String name = e.getClass().getSimpleName().replace("Exception", "");
    String message = e.getMessage();
    return message == null || e instanceof java.nio.file.FileSystemException ? name : message;
  }
}
