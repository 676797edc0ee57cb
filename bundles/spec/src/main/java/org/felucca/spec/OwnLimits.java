package org.felucca.spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;

/**
 * What this process may give to its children at most; without CAP_SYS_RESOURCE none may have more
 * (setrlimit(2), proc(5)).
 *
 * @param hard its hard limits by the names of {@code --ulimit}; a limit that is missing is none
 * @param raises whether it may give more than that
 * @param mostOpenFiles how many files anybody may open
 * @param oomScore the least {@code oom_score_adj} unless it may give more
 */
record OwnLimits(Map<String, Long> hard, boolean raises, long mostOpenFiles, int oomScore) {
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("Max cpu time", "cpu"),
          Map.entry("Max file size", "fsize"),
          Map.entry("Max data size", "data"),
          Map.entry("Max stack size", "stack"),
          Map.entry("Max core file size", "core"),
          Map.entry("Max resident set", "rss"),
          Map.entry("Max processes", "nproc"),
          Map.entry("Max open files", "nofile"),
          Map.entry("Max locked memory", "memlock"),
          Map.entry("Max address space", "as"),
          Map.entry("Max file locks", "locks"),
          Map.entry("Max pending signals", "sigpending"),
          Map.entry("Max msgqueue size", "msgqueue"),
          Map.entry("Max nice priority", "nice"),
          Map.entry("Max realtime priority", "rtprio"),
          Map.entry("Max realtime timeout", "rttime"));

  private static final Pattern LINE =
      Pattern.compile("(Max [a-z ]+?) {2,}(?:[0-9]+|unlimited) +([0-9]{1,18}) .*");

  /** CAP_SYS_RESOURCE (linux/capability.h). */
  private static final int SYS_RESOURCE = 24;

  private static final Pattern EFFECTIVE = Pattern.compile("CapEff:\\s*([0-9a-f]{1,16})");

  private static final long USUAL_MOST_FILES = 1 << 20;

  /** Copies the map. */
  OwnLimits {
    hard = Map.copyOf(hard);
  }

  static OwnLimits read() {
    boolean raises = false;
    for (String line : lines("/proc/self/status")) {
      Matcher matcher = EFFECTIVE.matcher(line);
      if (matcher.matches()) {
        raises = (Long.parseUnsignedLong(matcher.group(1), 16) >>> SYS_RESOURCE & 1) == 1;
      }
    }
    return new OwnLimits(
        hard(lines("/proc/self/limits")),
        raises,
        number("/proc/sys/fs/nr_open", USUAL_MOST_FILES),
        (int) number("/proc/self/oom_score_adj", 0));
  }

  /** Reads {@code /proc/PID/limits}. */
  static Map<String, Long> hard(Iterable<String> lines) {
    Map<String, Long> hard = new LinkedHashMap<>();
    for (String line : lines) {
      Matcher matcher = LINE.matcher(line);
      if (matcher.matches() && NAMES.containsKey(matcher.group(1))) {
        hard.put(NAMES.get(matcher.group(1)), Long.parseLong(matcher.group(2)));
      }
    }
    return hard;
  }

  private static Iterable<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException e) {
      return java.util.List.of();
    }
  }

  private static long number(String file, long otherwise) {
    for (String line : lines(file)) {
      if (line.strip().matches("-?[0-9]{1,18}")) {
        return Long.parseLong(line.strip());
      }
    }
    return otherwise;
  }

  /** How many files a container may open unless told otherwise. */
  long openFiles() {
    return Math.min(524_288, Math.min(mostOpenFiles, hard.getOrDefault("nofile", mostOpenFiles)));
  }

  /** The most that a container's hard limit can be; -1 if there is no such bound. */
  long most(String name) {
    long own = hard.getOrDefault(name, -1L);
    if (name.equals("nofile")) {
      return raises || own < 0 ? mostOpenFiles : Math.min(own, mostOpenFiles);
    }
    return raises ? -1 : own;
  }

  /**
   * Checks a wish for {@code oom_score_adj}.
   *
   * @throws EngineException INVALID_ARGUMENT if this process can't grant it
   */
  int oomScore(int wanted) {
    if (wanted < oomScore && !raises) {
      throw EngineException.invalid(
          "--oom-score-adj %d is below the engine's own, %d, and the engine lacks CAP_SYS_RESOURCE to grant it; give %d or more"
              .formatted(wanted, oomScore, oomScore));
    }
    return wanted;
  }
}
