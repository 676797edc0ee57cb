package org.felucca.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The groups of this machine as /etc/group has them, for the owner of a socket. Groups from
 * elsewhere (LDAP and its like) are not found: give their number.
 */
public final class HostGroups {
  private final Path file;

  public HostGroups() {
    this(Path.of("/etc/group"));
  }

  HostGroups(Path file) {
    this.file = file;
  }

  /**
   * The number of a group.
   *
   * @param nameOrNumber a name, or a number which is taken as it is
   * @return empty if the file has no such name
   */
  public OptionalLong id(String nameOrNumber) {
    OptionalLong number = number(nameOrNumber);
    if (number.isPresent()) {
      return number;
    }
    try {
      for (String line : FileNames.decode(Files.readAllBytes(file)).lines().toList()) {
        String[] fields = line.split(":", -1);
        if (fields.length >= 3 && fields[0].equals(nameOrNumber)) {
          return number(fields[2]);
        }
      }
      return OptionalLong.empty();
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + file + " failed", e);
    }
  }

  private static OptionalLong number(String text) {
    if (text.isEmpty() || text.length() > 10 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.empty();
    }
    long number = Long.parseLong(text);
    return number < InodeAttributes.UNCHANGED ? OptionalLong.of(number) : OptionalLong.empty();
  }
}
