package org.felucca.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.Health;
import org.felucca.api.container.HealthCheck;
import org.felucca.api.spec.SpecService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Errno;
import org.felucca.linux.Fifos;
import org.felucca.linux.FileData;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.ProcessId;
import org.felucca.linux.Signal;
import org.jspecify.annotations.Nullable;

/**
 * Runs one check in a container. The beginning of what it writes is kept, the rest is read and
 * dropped, so that it never waits for a reader. At its time-out it is killed with all that it
 * started.
 */
final class HealthProbe {
  private static final Logger LOG = Logger.getLogger(HealthProbe.class.getName());

  /** How the ids of these processes begin; what an engine that was killed left is known by it. */
  static final String PREFIX = "health-";

  private static final int OUTPUT = 4096;
  private static final Duration KILLED = Duration.ofSeconds(10);

  /** How long to wait for the rest of the output; a child may keep the fifo open for ever. */
  private static final Duration REST = Duration.ofMillis(500);

  private static final long SHORTEST_PAUSE_MILLIS = 5;
  private static final long LONGEST_PAUSE_MILLIS = 100;

  private final TaskService tasks;
  private final SpecService specs;
  private final EnginePaths paths;

  HealthProbe(TaskService tasks, SpecService specs, EnginePaths paths) {
    this.tasks = tasks;
    this.specs = specs;
    this.paths = paths;
  }

  /**
   * Runs the check.
   *
   * @throws InterruptedException if the engine is going; the next one kills what is left
   */
  Health.Result run(Scope scope, ContainerRecord container, TaskState task, HealthCheck check)
      throws InterruptedException {
    Instant start = Instant.now();
    String execId = PREFIX + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Path folder = paths.exec(scope.namespace(), container.id(), execId);
    Output output = new Output();
    try {
      ProcessFifos fifos = new ProcessFifos(folder, false, true).make();
      String fifo = fifos.text("stdout");
      try (Descriptor reader = Fifos.open(fifo, OpenFlags.O_RDONLY)) {
        tasks.exec(
            scope,
            container.id(),
            execId,
            new TypedBytes(TypedBytes.OCI_PROCESS, process(container, task, check)),
            new ProcessIo("", fifo, fifo, false));
        return run(scope, container, execId, check, reader, output, start);
      }
    } catch (EngineException | LinuxException e) {
      return new Health.Result(start, Instant.now(), -1, String.valueOf(e.getMessage()));
    } finally {
      if (!Thread.currentThread().isInterrupted()) {
        FileTrees.delete(folder);
      }
    }
  }

  private byte[] process(ContainerRecord container, TaskState task, HealthCheck check) {
    TypedBytes spec = container.spec();
    if (spec == null) {
      throw EngineException.precondition("the container has no spec");
    }
    List<String> command = check.test().subList(1, check.test().size());
    return specs.process(
        spec.value(),
        new ExecOptions(command, List.of(), null, null, false, false, null, true),
        Path.of(task.bundle()).resolve("rootfs"));
  }

  private Health.Result run(
      Scope scope,
      ContainerRecord container,
      String execId,
      HealthCheck check,
      Descriptor reader,
      Output output,
      Instant start)
      throws InterruptedException {
    CompletableFuture<Exit> exit = tasks.exit(scope, container.id(), execId);
    int pid;
    try {
      pid = tasks.start(scope, container.id(), execId);
    } catch (EngineException e) {
      forget(scope, container, execId);
      throw e;
    }
    Duration timeout = Objects.requireNonNullElse(check.timeout(), HealthChecks.TIMEOUT);
    Exit ended = await(exit, timeout, reader, output);
    boolean late = ended == null;
    if (late) {
      kill(scope, container, execId, pid);
      ended = await(exit, KILLED, reader, output);
    }
    output.drainToEnd(reader, REST);
    forget(scope, container, execId);
    if (late || ended == null) {
      return new Health.Result(
          start,
          Instant.now(),
          -1,
          "Health check exceeded timeout (%s)".formatted(words(timeout)) + output.after());
    }
    return new Health.Result(start, ended.at(), ended.status(), output.text());
  }

  private static String words(Duration span) {
    return span.toMillis() % 1000 == 0 ? span.toSeconds() + "s" : span.toMillis() + "ms";
  }

  /** Reads while it runs; null if it does not end in time. */
  private static @Nullable Exit await(
      CompletableFuture<Exit> exit, Duration atMost, Descriptor reader, Output output)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    long pause = SHORTEST_PAUSE_MILLIS;
    while (true) {
      boolean more = output.drain(reader);
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      try {
        return exit.get(Math.clamp(left, 0, pause), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (left <= 0) {
          return null;
        }
      } catch (ExecutionException e) {
        throw EngineException.unavailable("the end of the check is not known: " + e.getMessage());
      }
      pause = more ? SHORTEST_PAUSE_MILLIS : Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    }
  }

  /** Ends the check and all that it started. */
  private void kill(Scope scope, ContainerRecord container, String execId, int pid) {
    List<ProcessId> children =
        ProcessHandle.of(pid).stream()
            .flatMap(ProcessHandle::descendants)
            .map(child -> ProcessId.of((int) child.pid()))
            .flatMap(Optional::stream)
            .toList();
    try {
      tasks.kill(scope, container.id(), execId, Signal.KILL.number(), false);
    } catch (EngineException e) {
      LOG.log(
          Level.FINE,
          "check not killed container={0} reason={1}",
          new Object[] {container.id(), e.getMessage()});
    }
    for (ProcessId child : children) {
      boolean there = child.signal(Signal.KILL);
      LOG.log(Level.FINER, "child of a check pid={0} there={1}", new Object[] {child.pid(), there});
    }
  }

  /** Kills and forgets what an engine before this one left of its checks. */
  void clear(Scope scope, ContainerRecord container, List<String> execIds)
      throws InterruptedException {
    for (String execId : execIds) {
      try {
        TaskState left = tasks.get(scope, container.id(), execId);
        if (left.exit() == null && left.pid() > 0) {
          kill(scope, container, execId, left.pid());
        }
        Exit exit =
            tasks.exit(scope, container.id(), execId).get(KILLED.toMillis(), TimeUnit.MILLISECONDS);
        LOG.log(
            Level.FINE,
            "check of an earlier engine ended id={0} status={1}",
            new Object[] {execId, exit.status()});
      } catch (EngineException | ExecutionException | TimeoutException e) {
        LOG.log(Level.FINE, "check of an earlier engine container=" + container.id(), e);
      }
      forget(scope, container, execId);
      FileTrees.delete(paths.exec(scope.namespace(), container.id(), execId));
    }
  }

  private void forget(Scope scope, ContainerRecord container, String execId) {
    try {
      Exit exit = tasks.delete(scope, container.id(), execId);
      LOG.log(
          Level.FINER, "check forgotten id={0} status={1}", new Object[] {execId, exit.status()});
    } catch (EngineException e) {
      LOG.log(
          Level.FINE,
          "check not forgotten container={0} reason={1}",
          new Object[] {container.id(), e.getMessage()});
    }
  }

  /** The beginning of what a check writes. */
  private static final class Output {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);

    /** Whether the other side is open. */
    private boolean open;

    /** Reads what is there, at most a megabyte; whether there was anything. */
    boolean drain(Descriptor reader) {
      open = true;
      boolean any = false;
      for (int i = 0; i < 16; i++) {
        int read;
        try {
          read = FileData.read(reader, buffer.clear());
        } catch (LinuxException e) {
          if (e.is(Errno.EAGAIN)) {
            return any;
          }
          throw e;
        }
        if (read <= 0) {
          open = false;
          return any;
        }
        any = true;
        int room = OUTPUT - kept.size();
        kept.write(buffer.array(), 0, Math.min(read, Math.max(0, room)));
      }
      return any;
    }

    void drainToEnd(Descriptor reader, Duration atMost) throws InterruptedException {
      long deadline = System.nanoTime() + atMost.toNanos();
      boolean more = drain(reader);
      while (open && System.nanoTime() < deadline) {
        if (!more) {
          Thread.sleep(SHORTEST_PAUSE_MILLIS);
        }
        more = drain(reader);
      }
    }

    String text() {
      return kept.toString(StandardCharsets.UTF_8);
    }

    String after() {
      return kept.size() == 0 ? "" : ": " + text();
    }
  }
}
