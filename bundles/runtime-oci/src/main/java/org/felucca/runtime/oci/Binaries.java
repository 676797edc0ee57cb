package org.felucca.runtime.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;

/** Finds executables, and refuses those that somebody else than root could exchange. */
final class Binaries {
  private static final int WRITABLE_BY_OTHERS = 0022;
  private static final int STICKY = 01000;

  private Binaries() {}

  /**
   * Finds one.
   *
   * @param what what it is, for messages
   * @param name an absolute path, or a bare name to be looked up
   * @param folders where, in order
   * @param key the key of the configuration that names it
   * @return its path; links are followed
   * @throws EngineException FAILED_PRECONDITION if there is none or it can't be trusted
   */
  static Path find(String what, String name, List<Path> folders, String key) {
    try {
      if (name.indexOf('/') >= 0) {
        Path path = Path.of(name);
        if (!path.isAbsolute() || !executable(path)) {
          throw EngineException.precondition(
              "%s %s is no executable file; give an absolute path or a bare name with the key '%s' of its configuration"
                  .formatted(what, name, key));
        }
        return trusted(what, path);
      }
      for (Path folder : folders) {
        Path path = folder.resolve(name);
        if (executable(path)) {
          return trusted(what, path);
        }
      }
    } catch (InvalidPathException e) {
      throw EngineException.precondition("%s %s is no path".formatted(what, name));
    }
    throw EngineException.precondition(
        "%s %s is not installed: looked in %s; install it (apt-get install %s), or name its path with the key '%s' of its configuration"
            .formatted(
                what,
                name,
                folders.stream().map(Path::toString).collect(Collectors.joining(", ")),
                packageOf(name),
                key));
  }

  private static String packageOf(String name) {
    return name.startsWith("containerd-shim-runc") ? "containerd" : name;
  }

  static boolean executable(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }

  /** Whoever can write the file or a folder above it would run as root at the next container. */
  static Path trusted(String what, Path path) {
    Path real;
    try {
      real = path.toRealPath();
      for (Path at = real; at != null; at = at.getParent()) {
        requireRoots(what, real, at);
      }
    } catch (IOException e) {
      throw EngineException.precondition("look at %s %s: %s".formatted(what, path, e.getMessage()));
    }
    return real;
  }

  private static void requireRoots(String what, Path binary, Path at) throws IOException {
    Map<String, Object> file = Files.readAttributes(at, "unix:uid,mode,isDirectory");
    int mode = file.get("mode") instanceof Integer number ? number : WRITABLE_BY_OTHERS;
    // In a sticky folder nobody renames or removes what belongs to root.
    boolean sticky = Boolean.TRUE.equals(file.get("isDirectory")) && (mode & STICKY) != 0;
    boolean open = (mode & WRITABLE_BY_OTHERS) != 0 && !sticky;
    if (!Integer.valueOf(0).equals(file.get("uid")) || open) {
      throw EngineException.precondition(
          "%s %s could be exchanged by others than root: see %s; run: chown root %s && chmod go-w %s"
              .formatted(what, binary, at, at, at));
    }
  }

  /** What changes when the file does. */
  static String identity(Path binary) {
    try {
      Map<String, Object> file =
          Files.readAttributes(binary, "unix:dev,ino,size,lastModifiedTime,ctime");
      return "%s %s %s %s %s %s"
          .formatted(
              binary,
              file.get("dev"),
              file.get("ino"),
              file.get("size"),
              file.get("lastModifiedTime"),
              file.get("ctime"));
    } catch (IOException e) {
      throw EngineException.precondition("look at %s: %s".formatted(binary, e.getMessage()));
    }
  }
}
