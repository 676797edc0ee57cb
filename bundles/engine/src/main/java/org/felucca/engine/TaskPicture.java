package org.felucca.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;

/**
 * What the engine knows of the tasks: a picture of what the shims say, made by asking them all at
 * the start and kept up by what they report. A call waits until all were asked.
 */
final class TaskPicture implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(TaskPicture.class.getName());
  private static final Duration RECOVERY = Duration.ofSeconds(20);

  private final ShimService shims;
  private final EventLog events;
  private final TaskExits exits;
  private final Map<TaskKey, TrackedTask> tasks = new ConcurrentHashMap<>();
  private final KeyedLocks<TaskKey> locks = new KeyedLocks<>();
  private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch recovered = new CountDownLatch(1);
  private final ShimDepartures departures;
  private final ShimService.Listening listening;
  private volatile boolean closing;

  /** Takes what shims report, and begins to ask them all. */
  TaskPicture(ShimService shims, EventLog events, TaskExits exits) {
    this.shims = shims;
    this.events = events;
    this.exits = exits;
    this.departures = new ShimDepartures(exits, background);
    this.listening = shims.listen(this::reported);
    background.execute(this::recover);
  }

  @Override
  public void close() {
    closing = true;
    departures.close();
    listening.close();
    background.shutdownNow();
    EngineException replaced =
        EngineException.unavailable("the engine is being replaced; ask again");
    for (TrackedTask task : tasks.values()) {
      for (TrackedProcess process : task.processes()) {
        process.ended.completeExceptionally(replaced);
      }
    }
  }

  private void recover() {
    try {
      new TaskRecovery(shims, exits).recover(tasks);
      for (TrackedTask task : tasks.values()) {
        task.processes().forEach(process -> watch(task, process));
      }
    } catch (RuntimeException e) {
      if (!closing) {
        LOG.log(Level.SEVERE, "recovery of tasks failed", e);
      }
    } finally {
      recovered.countDown();
    }
  }

  /** Waits until all shims were asked. */
  void awaitRecovered() {
    try {
      if (!recovered.await(RECOVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        throw EngineException.unavailable("running containers are still being found; try again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait until running containers are found");
    }
  }

  /** The task of a container; NOT_FOUND. */
  TrackedTask task(Scope scope, ContainerId id) {
    awaitRecovered();
    TrackedTask task = tasks.get(new TaskKey(scope.namespace(), id));
    if (task == null) {
      throw EngineException.notFound("container " + id + " has no task; start it first");
    }
    return task;
  }

  /** How many tasks run with a runtime of such a name. */
  int running(Predicate<String> runtime) {
    awaitRecovered();
    return (int)
        tasks.values().stream()
            .filter(task -> runtime.test(task.runtime))
            .map(TrackedTask::init)
            .filter(init -> init != null && init.status() != TaskStatus.STOPPED)
            .count();
  }

  /** The state of every task of the namespace. */
  List<TaskState> list(Scope scope) {
    awaitRecovered();
    List<TaskState> states = new ArrayList<>();
    tasks.forEach(
        (key, task) -> {
          TaskState init = key.namespace().equals(scope.namespace()) ? task.init() : null;
          if (init != null) {
            states.add(init);
          }
        });
    return states;
  }

  /** Nobody else works on the task of a container meanwhile. */
  KeyedLocks.Held lock(TaskKey key) {
    return locks.lock(key);
  }

  boolean has(TaskKey key) {
    return tasks.containsKey(key);
  }

  void add(TrackedTask task) {
    tasks.put(task.key, task);
  }

  void remove(TrackedTask task) {
    tasks.remove(task.key, task);
  }

  /** Shims that are on their way out. */
  ShimDepartures departures() {
    return departures;
  }

  /** Waits in the background for the end of a process. */
  void watch(TrackedTask task, TrackedProcess process) {
    Shim shim = task.shimOrNull();
    if (shim == null || process.ended.isDone()) {
      return;
    }
    CompletableFuture<Exit> _ =
        shim.exit(process.execId)
            .whenCompleteAsync(
                (exit, failure) -> {
                  if (exit != null) {
                    exits.ended(task, process, exit);
                  } else if (process.execId.isEmpty() && !closing) {
                    lost(task, shim);
                  }
                },
                background);
  }

  /** The connection to a shim broke: it is dead, or it is asked again. */
  @SuppressWarnings("ReferenceEquality") // another connection is another one, whatever it says
  private void lost(TrackedTask task, Shim shim) {
    try (KeyedLocks.Held _ = locks.lock(task.key)) {
      if (closing || tasks.get(task.key) != task || task.shimOrNull() != shim) {
        return;
      }
      LOG.log(Level.WARNING, "shim lost container={0}", task.key);
      new TaskRecovery(shims, exits).again(task);
      task.processes().forEach(process -> watch(task, process));
    }
  }

  private void reported(org.felucca.api.Namespace namespace, Event event) {
    if (recovered.getCount() > 0) {
      throw EngineException.unavailable("running containers are still being found");
    }
    switch (event) {
      case Event.TaskExit exit -> {
        TrackedTask task = tasks.get(new TaskKey(namespace, new ContainerId(exit.containerId())));
        if (task != null) {
          exits.ended(
              task,
              exit.id().equals(exit.containerId()) ? "" : exit.id(),
              exit.pid(),
              new Exit(exit.exitStatus(), exit.exitedAt()));
        }
      }
      case Event.TaskOom oom -> {
        exits.ranOutOfMemory(new TaskKey(namespace, new ContainerId(oom.containerId())));
        events.publish(namespace, oom);
      }
      case Event.Foreign foreign -> events.publish(namespace, foreign);
      default -> {
        // The engine tells of everything else itself, when the call that caused it is answered.
      }
    }
  }
}
