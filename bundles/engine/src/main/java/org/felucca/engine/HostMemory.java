package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory this machine has, see proc_meminfo(5). */
final class HostMemory {
  private static final String TOTAL = "MemTotal:";

  private HostMemory() {}

  /** In bytes; the largest number if the kernel does not say. */
  static long total() {
    try {
      return total(Files.readAllLines(Path.of("/proc/meminfo")));
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  static long total(List<String> lines) {
    for (String line : lines) {
      if (line.startsWith(TOTAL)) {
        String kilobytes = line.substring(TOTAL.length()).replace("kB", "").strip();
        return Long.parseLong(kilobytes) * 1024;
      }
    }
    return Long.MAX_VALUE;
  }
}
