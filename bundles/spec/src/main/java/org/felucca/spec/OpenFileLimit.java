package org.felucca.spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many files this process may open at most; without CAP_SYS_RESOURCE no child may open more.
 */
final class OpenFileLimit {
  private static final Pattern LINE =
      Pattern.compile("Max open files +(?:[0-9]+|unlimited) +([0-9]+) .*");

  /** CAP_SYS_RESOURCE (linux/capability.h). */
  private static final int SYS_RESOURCE = 24;

  private static final Pattern EFFECTIVE = Pattern.compile("CapEff:\\s*([0-9a-f]{1,16})");

  private OpenFileLimit() {}

  /**
   * How many files a child may open at most.
   *
   * @param hard this process's hard limit
   */
  static long most(long hard) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        Matcher matcher = EFFECTIVE.matcher(line);
        if (matcher.matches()
            && (Long.parseUnsignedLong(matcher.group(1), 16) >>> SYS_RESOURCE & 1) == 1) {
          return Long.parseLong(Files.readString(Path.of("/proc/sys/fs/nr_open")).strip());
        }
      }
    } catch (IOException | NumberFormatException e) {
      return hard;
    }
    return hard;
  }

  static long hard() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.matches()) {
          return Long.parseLong(matcher.group(1));
        }
      }
      return Long.MAX_VALUE;
    } catch (IOException | NumberFormatException e) {
      return 1024;
    }
  }
}
