package org.felucca.spec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.jspecify.annotations.Nullable;

/**
 * Users and groups of an image, from its {@code /etc/passwd} and {@code /etc/group}. Both files are
 * hostile: they are opened below the root file system, must be regular files of a bounded size, and
 * a line that makes no sense is as good as missing.
 */
final class UserDatabase {
  private static final int MAX_SIZE = 1 << 20;

  /** Beyond this the kernel, libraries and languages disagree about signs. */
  private static final long MAX_ID = Integer.MAX_VALUE;

  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.][A-Za-z0-9_.@$-]{0,255}");

  /** A line of passwd. */
  private record User(String name, long uid, long gid, String home) {}

  /** A line of group. */
  private record Group(String name, long gid, List<String> members) {}

  private UserDatabase() {}

  /**
   * Finds who {@code user[:group]} is.
   *
   * @param rootfs the root file system of the image
   * @param text names or numbers; empty for root
   * @param more further groups, by name or number
   * @throws EngineException INVALID_ARGUMENT if it is malformed, out of range or a name that the
   *     image does not know
   */
  static ResolvedUser resolve(Path rootfs, String text, List<String> more) {
    int colon = text.indexOf(':');
    String userText = colon < 0 ? text : text.substring(0, colon);
    String groupText = colon < 0 ? "" : text.substring(colon + 1);
    if (colon >= 0 && groupText.isEmpty()) {
      throw malformed(text);
    }
    if (userText.isEmpty()) {
      userText = "0";
    }
    long uid = number("user", userText);
    long gid = groupText.isEmpty() ? -1 : number("group", groupText);
    if ((uid < 0 && !NAME.matcher(userText).matches())
        || (gid < 0 && !groupText.isEmpty() && !NAME.matcher(groupText).matches())) {
      throw malformed(text);
    }
    try (Dir root = Dir.open(rootfs.toString())) {
      User user = findUser(lines(root, "/etc/passwd"), userText, uid);
      if (user == null && uid < 0) {
        throw EngineException.invalid(
            "user %s is not in /etc/passwd of the image; give a user that is, or a number"
                .formatted(Identifiers.quote(userText)));
      }
      boolean named = gid < 0 && !groupText.isEmpty();
      List<Group> groups =
          gid >= 0 && more.isEmpty() ? List.of() : groups(lines(root, "/etc/group"));
      if (named) {
        gid = findGroup("", groups, groupText);
      }
      Set<Long> all = new LinkedHashSet<>();
      if (groupText.isEmpty()) {
        gid = user == null ? 0 : user.gid();
        all.add(gid);
        for (Group group : groups) {
          if (user != null && group.members().contains(user.name())) {
            all.add(group.gid());
          }
        }
      } else {
        all.add(gid);
      }
      for (String group : more) {
        long number = number("--group-add: group", group);
        all.add(number >= 0 ? number : findGroup("--group-add: ", groups, group));
      }
      String home = user == null ? "/" : user.home();
      return new ResolvedUser(user == null ? uid : user.uid(), gid, List.copyOf(all), home);
    } catch (LinuxException e) {
      throw EngineException.internal("read users and groups of the image: " + e.getMessage(), e);
    }
  }

  private static @Nullable User findUser(List<String> lines, String name, long uid) {
    for (String line : lines) {
      String[] fields = line.split(":", -1);
      if (fields.length < 4) {
        continue;
      }
      long lineUid = numberOrMinusOne(fields[2]);
      long lineGid = numberOrMinusOne(fields[3]);
      if (lineUid < 0 || lineGid < 0 || !(uid >= 0 ? lineUid == uid : fields[0].equals(name))) {
        continue;
      }
      String home = fields.length > 5 ? fields[5] : "";
      boolean sane = home.startsWith("/") && home.chars().noneMatch(Character::isISOControl);
      return new User(fields[0], lineUid, lineGid, sane ? home : "/");
    }
    return null;
  }

  private static List<Group> groups(List<String> lines) {
    List<Group> groups = new ArrayList<>();
    for (String line : lines) {
      String[] fields = line.split(":", -1);
      long gid = fields.length < 3 ? -1 : numberOrMinusOne(fields[2]);
      if (gid >= 0) {
        groups.add(
            new Group(
                fields[0], gid, fields.length < 4 ? List.of() : List.of(fields[3].split(","))));
      }
    }
    return groups;
  }

  private static long findGroup(String whose, List<Group> groups, String name) {
    for (Group group : groups) {
      if (group.name().equals(name)) {
        return group.gid();
      }
    }
    throw EngineException.invalid(
        "%sgroup %s is not in /etc/group of the image; give a group that is, or a number"
            .formatted(whose, Identifiers.quote(name)));
  }

  private static List<String> lines(Dir root, String path) {
    Descriptor named;
    try {
      named = root.openInRoot(path, OpenFlags.O_PATH, 0);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return List.of();
      }
      if (e.is(Errno.ELOOP) || e.is(Errno.EXDEV)) {
        throw EngineException.invalid(
            path + " of the image leads through links that can't be followed");
      }
      throw e;
    }
    // Looked at before it is opened: opening a device acts on its driver, opening a fifo blocks.
    try (named) {
      if (named.stat().type() != FileType.REGULAR) {
        throw EngineException.invalid(path + " of the image is not a regular file");
      }
      try (Descriptor file = named.reopen(OpenFlags.O_RDONLY)) {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_SIZE + 1);
        while (FileData.read(file, buffer) > 0) {
          if (!buffer.hasRemaining()) {
            throw EngineException.invalid(
                "%s of the image has more than %d bytes".formatted(path, MAX_SIZE));
          }
        }
        String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
        return text.lines().filter(line -> !line.startsWith("#")).toList();
      }
    }
  }

  private static long number(String what, String text) {
    if (!NUMBER.matcher(text).matches()) {
      return -1;
    }
    long number = numberOrMinusOne(text);
    if (number < 0) {
      throw EngineException.invalid(
          "%s id %s is out of range: 0 to %d is allowed".formatted(what, text, MAX_ID));
    }
    return number;
  }

  private static long numberOrMinusOne(String text) {
    if (!NUMBER.matcher(text).matches() || text.length() > 18) {
      return -1;
    }
    long number = Long.parseLong(text);
    return number > MAX_ID ? -1 : number;
  }

  private static EngineException malformed(String text) {
    return EngineException.invalid(
        "user %s is malformed: write it as user[:group], by name or number"
            .formatted(Identifiers.quote(text)));
  }
}
