package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.Health;
import org.felucca.api.container.HealthCheck;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * Checks running containers, each on a thread of its own: one that hangs holds back nobody. The
 * results stand in the state folder, by which the next engine goes on.
 */
final class HealthMonitor {
  private static final Logger LOG = Logger.getLogger(HealthMonitor.class.getName());

  /** How often one that is paused is looked at. */
  private static final Duration PAUSED = Duration.ofSeconds(1);

  /**
   * What is kept of a container.
   *
   * @param startedAt the start that it belongs to
   */
  record Kept(Instant startedAt, Health health) {}

  private final TaskService tasks;
  private final HealthProbe probe;
  private final EnginePaths paths;
  private final EventLog events;
  private final Executor background;
  private final BooleanSupplier closing;
  private final Map<TaskKey, Kept> running = new ConcurrentHashMap<>();

  HealthMonitor(
      TaskService tasks,
      HealthProbe probe,
      EnginePaths paths,
      EventLog events,
      Executor background,
      BooleanSupplier closing) {
    this.tasks = tasks;
    this.probe = probe;
    this.paths = paths;
    this.events = events;
    this.background = background;
    this.closing = closing;
  }

  /** How a running container is; null if it is not checked or does not run. */
  @Nullable Health of(TaskKey key) {
    Kept kept = running.get(key);
    return kept == null ? null : kept.health();
  }

  /** How a container was when it ran last; null if it was never checked. */
  @Nullable Health last(TaskKey key) {
    Kept kept = read(key);
    return kept == null ? null : kept.health();
  }

  /** Checks a container, if it is to be checked, until it ends. */
  void begin(Scope scope, ContainerRecord container, CompletableFuture<Exit> exit) {
    ManagedOptions options = ManagedOptions.of(container);
    HealthCheck check = options == null ? null : options.life().health();
    if (check == null || exit.isDone()) {
      return;
    }
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    ManagedState state = ManagedState.of(container);
    Instant startedAt = state == null ? Instant.now() : state.startedAt();
    Kept before = read(key);
    Kept kept =
        before == null || !before.startedAt().equals(startedAt)
            ? new Kept(startedAt, Health.UNKNOWN)
            : before;
    running.put(key, kept);
    background.execute(
        () -> {
          Kept last = kept;
          try {
            write(key, kept);
            probe.clear(scope, container, left(key));
            last = watch(scope, container, check, exit, kept);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the next engine goes on
          } catch (EngineException e) {
            if (!closing.getAsBoolean() && e.kind() != ErrorKind.NOT_FOUND) {
              LOG.log(Level.WARNING, "checks ended container=" + key, e);
            }
          } finally {
            running.computeIfPresent(
                key, (k, now) -> now.startedAt().equals(startedAt) ? null : now);
          }
          LOG.log(
              Level.FINE,
              "checks end container={0} status={1}",
              new Object[] {key, last.health().status()});
        });
  }

  private Kept watch(
      Scope scope,
      ContainerRecord container,
      HealthCheck check,
      CompletableFuture<Exit> exit,
      Kept first)
      throws InterruptedException {
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    Kept kept = first;
    Instant last =
        kept.health().results().isEmpty()
            ? kept.startedAt()
            : kept.health().results().getLast().end();
    while (true) {
      Duration pause = HealthChecks.pause(kept.health(), check, kept.startedAt(), Instant.now());
      Duration left = Duration.between(Instant.now(), last.plus(pause));
      // A clock that was set back must not keep a container from being checked.
      if (ends(exit, left.compareTo(pause) > 0 ? pause : left)) {
        return kept;
      }
      TaskState task = tasks.get(scope, container.id(), "");
      if (task.status() != TaskStatus.RUNNING) {
        if (ends(exit, PAUSED)) {
          return kept;
        }
        last = Instant.now();
        continue;
      }
      Health.Result result = probe.run(scope, container, task, check);
      if (exit.isDone() || closing.getAsBoolean()) {
        return kept; // it ended under the check
      }
      last = Instant.now();
      kept = tell(key, kept, HealthChecks.counted(kept.health(), result, check, kept.startedAt()));
    }
  }

  private Kept tell(TaskKey key, Kept before, Health health) {
    Kept now = new Kept(before.startedAt(), health);
    write(key, now);
    running.computeIfPresent(
        key, (k, there) -> there.startedAt().equals(now.startedAt()) ? now : there);
    if (health.status() != before.health().status()) {
      String status = health.status().name().toLowerCase(Locale.ROOT);
      LOG.log(Level.INFO, "health container={0} status={1}", new Object[] {key, status});
      events.publish(key.namespace(), new Event.ContainerHealth(key.id().value(), status));
    }
    return now;
  }

  /** Waits; whether the container has ended, or nobody knows any more. */
  private static boolean ends(CompletableFuture<Exit> exit, Duration atMost)
      throws InterruptedException {
    try {
      Exit ended = exit.get(Math.max(0, atMost.toMillis()), TimeUnit.MILLISECONDS);
      return ended != null;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true; // the engine is being replaced: the next one goes on
    }
  }

  /** The checks that an engine before this one did not see the end of. */
  private List<String> left(TaskKey key) {
    Path folder = paths.task(key.namespace(), key.id()).resolve("exec");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.startsWith(HealthProbe.PREFIX))
          .toList();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "checks not listed container=" + key, e);
      return List.of();
    }
  }

  private @Nullable Kept read(TaskKey key) {
    Path file = paths.health(key.namespace()).resolve(key.id().value());
    if (!Files.exists(file)) {
      return null;
    }
    try {
      return Json.read(Files.readAllBytes(file), Kept.class, "the health of " + key);
    } catch (IOException | EngineException e) {
      LOG.log(Level.WARNING, "health not read container=" + key, e);
      return null;
    }
  }

  private void write(TaskKey key, Kept kept) {
    Path file = paths.health(key.namespace()).resolve(key.id().value());
    try {
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      FileTrees.make(paths.health(key.namespace()));
      Files.write(fresh, Json.bytes(kept));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "health not kept container=" + key, e);
    }
  }

  /** Forgets a container that is removed. */
  void forget(TaskKey key) {
    FileTrees.delete(paths.health(key.namespace()).resolve(key.id().value()));
  }
}
