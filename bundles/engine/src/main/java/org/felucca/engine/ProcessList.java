package org.felucca.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.ProcessTable;
import org.felucca.linux.Epoll;
import org.felucca.linux.LinuxException;
import org.felucca.linux.SpawnRequest;
import org.felucca.linux.SpawnResult;
import org.felucca.linux.Spawner;
import org.jspecify.annotations.Nullable;

/**
 * Processes by their numbers, as {@code ps -ef} shows them: read from /proc, see proc_pid_stat(5),
 * or by the machine's own ps for other columns.
 */
final class ProcessList {
  private static final List<String> TITLES =
      List.of("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");

  /** What the kernel counts processor time in, on every machine that Java runs on. */
  private static final long TICKS = 100;

  private static final Duration PS_DEADLINE = Duration.ofSeconds(10);
  private static final int PS_OUTPUT = 4 << 20;
  private static final DateTimeFormatter TODAY = DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT);
  private static final DateTimeFormatter EARLIER =
      DateTimeFormatter.ofPattern("MMMdd", Locale.ROOT);

  private ProcessList() {}

  /** The usual columns; a process that has ended meanwhile is left out. */
  static ProcessTable usual(List<Integer> pids) {
    List<List<String>> rows = new ArrayList<>();
    Instant boot = bootTime();
    Instant now = Instant.now();
    for (int pid : new TreeSet<>(pids)) {
      List<String> row = row(Path.of("/proc/" + pid), boot, now);
      if (row != null) {
        rows.add(row);
      }
    }
    return new ProcessTable(TITLES, rows);
  }

  private static @Nullable List<String> row(Path folder, Instant boot, Instant now) {
    try {
      return row(
          Files.getOwner(folder).getName(),
          Files.readString(folder.resolve("stat"), StandardCharsets.ISO_8859_1),
          Files.readAllBytes(folder.resolve("cmdline")),
          boot,
          now,
          ZoneId.systemDefault());
    } catch (IOException ended) {
      return null;
    }
  }

  static List<String> row(
      String owner, String stat, byte[] command, Instant boot, Instant now, ZoneId zone) {
    int open = stat.indexOf('(');
    int close = stat.lastIndexOf(')');
    String[] fields = stat.substring(close + 2).strip().split(" ", -1);
    long used = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    Instant started = boot.plusMillis(Long.parseLong(fields[19]) * 1000 / TICKS);
    long lived = Math.max(1, Duration.between(started, now).toMillis() * TICKS / 1000);
    Duration time = Duration.ofSeconds(used / TICKS);
    ZonedDateTime start = started.atZone(zone);
    boolean today = start.toLocalDate().equals(now.atZone(zone).toLocalDate());
    String arguments = new String(command, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    return List.of(
        owner,
        stat.substring(0, open).strip(),
        fields[1],
        Long.toString(Math.min(99, used * 100 / lived)),
        start.format(today ? TODAY : EARLIER),
        terminal(Integer.parseInt(fields[4])),
        "%02d:%02d:%02d".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart()),
        arguments.isEmpty() ? "[" + stat.substring(open + 1, close) + "]" : arguments);
  }

  /** A terminal's device number, split as the kernel packs it. */
  private static String terminal(int number) {
    int major = (number >> 8) & 0xfff;
    int minor = (number & 0xff) | ((number >> 12) & 0xfff00);
    if (major >= 136 && major < 144) {
      return "pts/" + (minor + ((major - 136) << 8));
    }
    return major == 4 ? "tty" + minor : "?";
  }

  private static Instant bootTime() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
      return lines
          .filter(line -> line.startsWith("btime "))
          .map(line -> Instant.ofEpochSecond(Long.parseLong(line.substring(6).strip())))
          .findFirst()
          .orElse(Instant.EPOCH);
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  /**
   * What the machine's ps shows of them.
   *
   * @throws EngineException INVALID_ARGUMENT with what ps says of its options, or if they leave no
   *     column PID; UNIMPLEMENTED if there is no ps
   */
  static ProcessTable byPs(List<Integer> pids, List<String> options) {
    String ps = program();
    if (ps == null) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "top with options of ps needs the program ps, which this machine lacks; install procps, or give no options");
    }
    List<String> command = new ArrayList<>(List.of(ps));
    command.addAll(options);
    try (Epoll epoll = Epoll.start("felucca-top")) {
      SpawnResult result =
          new Spawner(epoll)
              .run(SpawnRequest.of(command).withDeadline(PS_DEADLINE).withOutputLimit(PS_OUTPUT));
      if (!result.succeeded()) {
        throw EngineException.invalid(
            "ps %s: %s".formatted(String.join(" ", options), result.errorText().strip()));
      }
      return select(result.outputText(), pids);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("ask ps");
    } catch (LinuxException e) {
      throw EngineException.internal("run " + ps + ": " + e.getMessage(), e);
    }
  }

  /** The lines of some processes; the last column takes the rest of its line. */
  static ProcessTable select(String output, List<Integer> pids) {
    List<String> lines = output.lines().toList();
    List<String> titles =
        lines.isEmpty() ? List.of() : List.of(lines.getFirst().strip().split("\\s+", -1));
    int column = titles.indexOf("PID");
    if (column < 0) {
      throw EngineException.invalid(
          "ps shows no column PID with these options, so nobody can tell which processes are meant; add it, as in -o pid,args");
    }
    Set<String> wanted = new TreeSet<>(pids.stream().map(String::valueOf).toList());
    List<List<String>> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.strip().split("\\s+", titles.size());
      if (cells.length > column && wanted.contains(cells[column])) {
        List<String> row = new ArrayList<>(List.of(cells));
        while (row.size() < titles.size()) {
          row.add("");
        }
        rows.add(row);
      }
    }
    return new ProcessTable(titles, rows);
  }

  private static @Nullable String program() {
    return Stream.of("/bin/ps", "/usr/bin/ps")
        .filter(path -> Files.isExecutable(Path.of(path)))
        .findFirst()
        .orElse(null);
  }
}
