package org.felucca.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.LogOptions;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;
import org.felucca.api.container.LogState;
import org.felucca.api.task.ProcessIo;
import org.felucca.linux.Epoll;
import org.felucca.linux.LinuxException;
import org.felucca.linux.SpawnRequest;
import org.felucca.linux.SpawnResult;
import org.felucca.linux.Spawner;

/**
 * The logs of containers: the logger that writes one, and reading it. The shim starts the logger as
 * a {@code binary://} driver where it can. containerd's shims give a process without a terminal no
 * input then; for such a one the engine starts the logger itself, which goes on in a session of its
 * own and reads what the shim writes to fifos.
 */
final class ContainerLogs {
  private static final Duration LOGGER_START = Duration.ofSeconds(20);

  /** How long a logger may take to write the rest after the end of its container. */
  private static final Duration LOGGER_END = Duration.ofSeconds(5);

  private static final long PAUSE_MILLIS = 5;

  private final EnginePaths paths;
  private final LogDrivers drivers;
  private final ExecutorService disk;

  ContainerLogs(EnginePaths paths, LogDrivers drivers, ExecutorService disk) {
    this.paths = paths;
    this.drivers = drivers;
    this.disk = disk;
  }

  /** Fills the options in; see {@link LogDrivers#check}. */
  LogOptions check(LogOptions wanted) {
    return drivers.check(wanted);
  }

  /** Whether a logger takes the output: also if nothing is kept, so that others may attach. */
  private static boolean hasLogger(LogOptions options) {
    return options.keep() || options.driver() != null;
  }

  /** Where the process of a container that is about to start reads and writes. */
  ProcessIo begin(
      TaskKey key, ContainerRecord container, ManagedOptions options, ProcessFifos fifos) {
    boolean attached = fifos.made();
    if (!hasLogger(options.log())) {
      return attached || options.stdin()
          ? fifos.make().direct()
          : new ProcessIo("", "", "", options.terminal());
    }
    makeFolder(key);
    Map<String, String> arguments = arguments(key, container, options.log());
    fifos.make();
    arguments.put("stdout", fifos.text("stdout"));
    arguments.put("stderr", fifos.text("stderr"));
    if (options.terminal() || !options.stdin()) {
      return fifos.logged(paths.logger(), arguments);
    }
    ProcessIo io = fifos.makeInner();
    arguments.put("in.stdout", io.stdout());
    arguments.put("in.stderr", io.stderr());
    startLogger(container, arguments);
    return io;
  }

  private Map<String, String> arguments(
      TaskKey key, ContainerRecord container, LogOptions options) {
    Map<String, String> arguments = new LinkedHashMap<>();
    String driver = Objects.requireNonNullElse(options.driver(), LogDrivers.CRI);
    if (driver.equals(LogDrivers.NONE)) {
      arguments.put("format", "none");
      return arguments;
    }
    arguments.put("log", file(key, options).toString());
    arguments.put("format", driver.equals(LogDrivers.JSON_FILE) ? "json" : "cri");
    Long most = LogDrivers.bytes(options.options().getOrDefault(LogDrivers.MAX_SIZE, ""));
    arguments.put("max", most == null ? "" : most.toString());
    arguments.put("files", options.options().getOrDefault(LogDrivers.MAX_FILE, ""));
    arguments.put("full", options.options().getOrDefault(LogDrivers.FULL_DISK, ""));
    arguments.put("compress", options.options().getOrDefault(LogDrivers.COMPRESS, ""));
    if (driver.equals(LogDrivers.JOURNALD)) {
      arguments.put("journal", drivers.journal().toString());
      arguments.put("fields", fields(container, options));
    }
    return arguments;
  }

  /** What docker's journald driver says of a container with each line. */
  private static String fields(ContainerRecord container, LogOptions options) {
    Map<String, String> names =
        Map.of(
            "ID", container.id().shortForm(),
            "FullID", container.id().value(),
            "Name", container.name(),
            "ImageName", container.image());
    String tag = LogDrivers.tag(options.options().getOrDefault(LogDrivers.TAG, "{{.ID}}"), names);
    return String.join(
        "\n",
        "SYSLOG_IDENTIFIER=" + tag,
        "CONTAINER_TAG=" + tag,
        "CONTAINER_ID=" + container.id().shortForm(),
        "CONTAINER_ID_FULL=" + container.id().value(),
        "CONTAINER_NAME=" + container.name(),
        "IMAGE_NAME=" + container.image());
  }

  private void makeFolder(TaskKey key) {
    Path folder = paths.container(key.namespace(), key.id());
    try {
      FileTrees.make(folder);
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "make the log folder " + folder + ": " + e.getMessage(), e);
    }
  }

  /** It is ready when the program that was started has ended and its child goes on. */
  private void startLogger(ContainerRecord container, Map<String, String> arguments) {
    String[] command = new String[1 + 2 * arguments.size()];
    command[0] = paths.logger().toString();
    int at = 1;
    for (Map.Entry<String, String> argument : arguments.entrySet()) {
      command[at++] = argument.getKey();
      command[at++] = argument.getValue();
    }
    SpawnResult result;
    try (Epoll epoll = Epoll.start("felucca-logger-start")) {
      result =
          new Spawner(epoll)
              .run(
                  SpawnRequest.of(command)
                      .withEnvironment(Map.of("CONTAINER_ID", container.id().value()))
                      .withDeadline(LOGGER_START));
    } catch (LinuxException e) {
      throw EngineException.internal("start the logger: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("start the logger");
    }
    if (!result.succeeded()) {
      throw EngineException.precondition(
          "the logger does not start: %s"
              .formatted(
                  result.timedOut()
                      ? "it took more than %d s".formatted(LOGGER_START.toSeconds())
                      : result.errorText().strip()));
    }
  }

  private Path file(TaskKey key, LogOptions options) {
    Path folder = paths.container(key.namespace(), key.id());
    return folder.resolve(
        LogDrivers.JSON_FILE.equals(options.driver()) ? key.id().value() + "-json.log" : "log");
  }

  /**
   * Reads a log.
   *
   * @param ended whether the container has ended and its task is gone
   */
  void read(
      TaskKey key,
      ContainerRecord container,
      ManagedOptions options,
      LogQuery query,
      LogSink sink,
      BooleanSupplier ended) {
    if (!options.log().keep()) {
      throw EngineException.precondition(
          LogDrivers.NONE.equals(options.log().driver())
              ? "no log is kept of container %s, since its log driver is none; run it with another one"
                  .formatted(container.name())
              : "no log is kept of container %s, since it removes itself; run it without --rm or with -d"
                  .formatted(container.name()));
    }
    Path file = file(key, options.log());
    LogFiles files = new LogFiles(file, disk);
    if (ended.getAsBoolean()) {
      awaitLogger(files, container);
    }
    long[] endedAt = {0};
    new LogReader(file, disk, sink)
        .read(
            query,
            () -> {
              if (!ended.getAsBoolean()) {
                return false;
              }
              endedAt[0] = endedAt[0] == 0 ? System.nanoTime() : endedAt[0];
              return !isWritten(files, container)
                  || System.nanoTime() - endedAt[0] > LOGGER_END.toNanos();
            });
  }

  /** The logger may still be writing the rest. */
  private static void awaitLogger(LogFiles files, ContainerRecord container) {
    long deadline = System.nanoTime() + LOGGER_END.toNanos();
    while (isWritten(files, container) && System.nanoTime() < deadline) {
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("read the log of container " + container.name());
      }
    }
  }

  private static boolean isWritten(LogFiles files, ContainerRecord container) {
    try {
      return files.isWritten();
    } catch (IOException e) {
      return false; // reading it will tell what is wrong
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("read the log of container " + container.name());
    }
  }

  /** How the output is kept and what of it is missing. */
  LogState state(TaskKey key, ManagedOptions options) {
    LogOptions log = options.log();
    String driver =
        Objects.requireNonNullElse(log.driver(), log.keep() ? LogDrivers.CRI : LogDrivers.NONE);
    if (!log.keep()) {
      return new LogState(driver, log.options(), null, 0, 0, 0, 0, 0, 0);
    }
    Path file = file(key, log);
    int files = 0;
    long bytes = 0;
    String name = file.getFileName().toString();
    try (Stream<Path> all = Files.list(paths.container(key.namespace(), key.id()))) {
      for (Path path : all.toList()) {
        String other = path.getFileName().toString();
        if (other.equals(name)
            || other.matches(java.util.regex.Pattern.quote(name) + "\\.[0-9]+(\\.gz)?")) {
          files++;
          bytes += Files.size(path);
        }
      }
    } catch (IOException e) {
      files = 0; // never started, or rotated just now
    }
    Map<String, Long> lost = counters(file.resolveSibling(name + ".lost"));
    return new LogState(
        driver,
        log.options(),
        file.toString(),
        files,
        bytes,
        lost.getOrDefault("stdout", 0L),
        lost.getOrDefault("stderr", 0L),
        lost.getOrDefault("removed", 0L),
        lost.getOrDefault("journal", 0L));
  }

  private static Map<String, Long> counters(Path file) {
    Map<String, Long> counters = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
        int equals = line.indexOf('=');
        if (equals > 0 && line.substring(equals + 1).matches("[0-9]{1,20}")) {
          counters.put(line.substring(0, equals), parse(line.substring(equals + 1)));
        }
      }
    } catch (IOException e) {
      return Map.of(); // there are none before the first start
    }
    return counters;
  }

  private static long parse(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }
}
