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

  private OpenFileLimit() {}

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
