package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskStatus;

/**
 * Tells each exit once, behind the start of its process, whoever reported it first: the shim's
 * event, the answer to a wait, or the recovery. What was told is marked in the state folder, so
 * that the next engine doesn't tell it again.
 */
final class TaskExits {
  private static final Logger LOG = Logger.getLogger(TaskExits.class.getName());

  private final EventLog events;
  private final EnginePaths paths;

  TaskExits(EventLog events, EnginePaths paths) {
    this.events = events;
    this.paths = paths;
  }

  /** A process that is known by ids has ended; nothing happens if nobody knows it. */
  void ended(TrackedTask task, String execId, int pid, Exit exit) {
    for (TrackedProcess process : task.processes()) {
      if (process.execId.equals(execId) && (process.pid == 0 || process.pid == pid)) {
        ended(task, process, exit);
      }
    }
  }

  /** A process has ended. */
  void ended(TrackedTask task, TrackedProcess process, Exit exit) {
    boolean tell;
    synchronized (task) {
      if (process.exit == null) {
        process.exit = exit;
        process.status = TaskStatus.STOPPED;
      }
      tell = claim(process);
    }
    if (tell) {
      tell(task, process);
    }
  }

  /** The start of a process was answered and told, or failed. */
  void started(TrackedTask task, TrackedProcess process) {
    boolean tell;
    synchronized (task) {
      process.starting = false;
      tell = claim(process);
    }
    if (tell) {
      tell(task, process);
    }
  }

  private static boolean claim(TrackedProcess process) {
    if (process.exit == null || process.starting || process.told) {
      return false;
    }
    process.told = true;
    return true;
  }

  private void tell(TrackedTask task, TrackedProcess process) {
    Exit exit = known(task, process);
    String container = task.key.id().value();
    // Written before it is told: an engine that comes after a kill looks into the log from there
    // on.
    mark(task.key, told(process.execId), Long.toString(events.position()));
    events.publish(
        task.key.namespace(),
        new Event.TaskExit(
            container,
            process.execId.isEmpty() ? container : process.execId,
            process.pid,
            exit.status(),
            exit.at()));
    process.ended.complete(exit);
  }

  /** How an ended process ended, 255 if nobody knows. */
  Exit known(TrackedTask task, TrackedProcess process) {
    synchronized (task) {
      return process.exit == null ? new Exit(Exit.UNKNOWN_STATUS, Instant.now()) : process.exit;
    }
  }

  /** A process has ended, and an earlier engine told it. */
  void knownToAll(TrackedTask task, TrackedProcess process, Exit exit) {
    synchronized (task) {
      process.exit = exit;
      process.status = TaskStatus.STOPPED;
      process.told = true;
    }
    process.ended.complete(exit);
  }

  /** The further processes for which the engine made fifos. */
  List<String> execIds(TaskKey key) {
    Path folder = paths.task(key.namespace(), key.id()).resolve("exec");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "processes not listed container=" + key, e);
      return List.of();
    }
  }

  /** Waits until the exit of an ended process is told. */
  void awaitTold(TrackedProcess process) {
    try {
      process.ended.get(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait until an exit is told");
    } catch (ExecutionException | TimeoutException e) {
      throw EngineException.unavailable("the exit is not told yet; try again");
    }
  }

  /** Whether an earlier engine told it, or this one: its mark says where to look in the log. */
  boolean wasTold(TaskKey key, String execId) {
    Path mark = markers(key).resolve(told(execId));
    String container = key.id().value();
    String id = execId.isEmpty() ? container : execId;
    if (!Files.exists(mark)) {
      return false;
    }
    try (EventLog.Subscription log =
        events.subscribe(
            List.of("topic==\"/tasks/exit\""), Long.parseLong(Files.readString(mark)))) {
      for (LoggedEvent event = log.next(Duration.ZERO);
          event != null;
          event = log.next(Duration.ZERO)) {
        if (key.namespace().equals(event.namespace())
            && event.event() instanceof Event.TaskExit exit
            && exit.containerId().equals(container)
            && exit.id().equals(id)) {
          return true;
        }
      }
      return false;
    } catch (IOException | NumberFormatException | EngineException e) {
      if (e instanceof EngineException engine && engine.kind() == ErrorKind.OUT_OF_RANGE) {
        return true; // so long ago that the log has dropped what followed
      }
      LOG.log(Level.WARNING, "mark not followed, the exit is told again path=" + mark, e);
      return false;
    }
  }

  /**
   * Marks that the kernel killed a process of the container for want of memory; stays until its
   * next start. What another client made has no folder, and no mark.
   */
  void ranOutOfMemory(TaskKey key) {
    Path mark = paths.outOfMemory(key.namespace(), key.id());
    try {
      if (mark.getParent() != null && Files.isDirectory(mark.getParent())) {
        Files.writeString(mark, "");
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "mark of too little memory not written path=" + mark, e);
    }
  }

  /** Marks that the task was deleted, though its shim may still be there. */
  void deleted(TaskKey key) {
    mark(key, "deleted", "");
  }

  boolean wasDeleted(TaskKey key) {
    return Files.exists(markers(key).resolve("deleted"));
  }

  /** Forgets a further process that was deleted: nobody can ask for it any more. */
  void forget(TaskKey key, String execId) {
    try {
      Files.deleteIfExists(markers(key).resolve(told(execId)));
    } catch (IOException e) {
      LOG.log(Level.WARNING, "marker not removed container=" + key + " exec=" + execId, e);
    }
  }

  /** Forgets a task that is gone for good. */
  void forget(TaskKey key) {
    try {
      FileTrees.delete(markers(key));
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "markers not removed container=" + key, e);
    }
  }

  private static String told(String execId) {
    return execId.isEmpty() ? "told" : "told-" + execId;
  }

  private Path markers(TaskKey key) {
    return paths.state().resolve("told").resolve(key.namespace().value()).resolve(key.id().value());
  }

  private void mark(TaskKey key, String name, String text) {
    try {
      Path folder = FileTrees.make(markers(key));
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "marker not written container=" + key + " marker=" + name, e);
    }
  }
}
