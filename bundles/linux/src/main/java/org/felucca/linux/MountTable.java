package org.felucca.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The mounts of this process's mount namespace at one moment, in the order of /proc/self/mountinfo.
 */
public record MountTable(List<MountInfo> mounts) {
  private static final Path SELF = Path.of("/proc/self/mountinfo");

  public MountTable {
    mounts = List.copyOf(mounts);
  }

  /**
   * Reads the table as it is now. Holds the carrier thread, a millisecond for a thousand mounts.
   */
  public static MountTable read() {
    try {
      return parse(Files.readAllBytes(SELF));
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + SELF + " failed", e);
    }
  }

  /**
   * Parses the content of a mountinfo file.
   *
   * @throws IllegalArgumentException if a line is none
   */
  public static MountTable parse(byte[] content) {
    List<MountInfo> mounts = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < content.length; i++) {
      if (content[i] == '\n') {
        mounts.add(parseLine(FileNames.decode(content, start, i - start)));
        start = i + 1;
      }
    }
    return new MountTable(mounts);
  }

  /** The mounts strictly below a path, the latest first: the order in which they can be undone. */
  public List<MountInfo> mountsBelow(String path) {
    String prefix = path.endsWith("/") ? path : path + "/";
    List<MountInfo> below = new ArrayList<>();
    for (MountInfo mount : mounts) {
      if (mount.mountPoint().startsWith(prefix) && !mount.mountPoint().equals(path)) {
        below.add(mount);
      }
    }
    Collections.reverse(below);
    return below;
  }

  /** What is mounted on exactly this path and seen there, that is the last of several. */
  public Optional<MountInfo> mountAt(String path) {
    MountInfo found = null;
    for (MountInfo mount : mounts) {
      if (mount.mountPoint().equals(path)) {
        found = mount;
      }
    }
    return Optional.ofNullable(found);
  }

  private static MountInfo parseLine(String line) {
    List<String> fields = List.of(line.split(" ", -1));
    int separator = fields.indexOf("-");
    // Before the separator six fields and the optional ones, behind it three.
    if (separator < 6 || fields.size() < separator + 4) {
      throw new IllegalArgumentException("no line of mountinfo: " + line);
    }
    String[] device = fields.get(2).split(":", 2);
    try {
      return new MountInfo(
          Integer.parseInt(fields.get(0)),
          Integer.parseInt(fields.get(1)),
          new DeviceNumber(Integer.parseInt(device[0]), Integer.parseInt(device[1])),
          unescape(fields.get(3)),
          unescape(fields.get(4)),
          options(fields.get(5)),
          fields.subList(6, separator),
          unescape(fields.get(separator + 1)),
          unescape(fields.get(separator + 2)),
          options(fields.get(separator + 3)));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IllegalArgumentException("no line of mountinfo: " + line, e);
    }
  }

  private static List<String> options(String field) {
    List<String> options = new ArrayList<>();
    for (String option : field.split(",", -1)) {
      options.add(unescape(option));
    }
    return options;
  }

  /** Decodes {@code \040} and its like: a backslash and three octal digits. */
  static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    byte[] bytes = FileNames.encode(field);
    int end = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\\'
          && i + 3 < bytes.length
          && isOctal(bytes[i + 1])
          && isOctal(bytes[i + 2])
          && isOctal(bytes[i + 3])) {
        bytes[end++] =
            (byte) ((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | bytes[i + 3] - '0');
        i += 3;
      } else {
        bytes[end++] = bytes[i];
      }
    }
    return FileNames.decode(bytes, 0, end);
  }

  private static boolean isOctal(byte digit) {
    return digit >= '0' && digit <= '7';
  }
}
