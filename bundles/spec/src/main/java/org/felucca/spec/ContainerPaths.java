package org.felucca.spec;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Paths as a container sees them. */
final class ContainerPaths {
  /**
   * Where the kernel keeps ways out of a root: descriptors, working folders and roots of processes.
   */
  private static final Pattern MAGIC =
      Pattern.compile("/proc/(self|thread-self|[0-9]+)(/.*)?|/dev/fd(/.*)?|/proc/fd(/.*)?");

  private ContainerPaths() {}

  /**
   * A working folder, without {@code .}, {@code ..} and doubled slashes.
   *
   * @throws EngineException INVALID_ARGUMENT if it is not absolute or leads through descriptors of
   *     a process (CVE-2024-21626)
   */
  static String workingFolder(String path) {
    String clean = absolute("--workdir", path);
    if (MAGIC.matcher(clean).matches()) {
      throw EngineException.invalid(
          "--workdir %s is not allowed: it leads through the descriptors of a process"
              .formatted(Identifiers.quote(path)));
    }
    return clean;
  }

  /** An absolute path, without {@code .}, {@code ..} and doubled slashes. */
  static String absolute(String what, String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0 || path.length() > 4095) {
      throw EngineException.invalid(
          "%s %s is not allowed: give an absolute path".formatted(what, Identifiers.quote(path)));
    }
    Deque<String> parts = new ArrayDeque<>();
    for (String part : path.split("/", -1)) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return "/" + String.join("/", parts);
  }
}
