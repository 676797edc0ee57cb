package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskStatus;

/**
 * Containers that stand still only while a commit reads their files. It is written down before the
 * pause and struck out after it, so an engine that is killed meanwhile leaves none paused: the next
 * one lets it go on.
 */
final class CommitPauses {
  private static final Logger LOG = Logger.getLogger(CommitPauses.class.getName());
  private static final String MARKER = "paused-by-commit";

  private final TaskService tasks;
  private final EnginePaths paths;

  CommitPauses(TaskService tasks, EnginePaths paths) {
    this.tasks = tasks;
    this.paths = paths;
  }

  /** Pauses a container if it runs; whether it did. */
  boolean begin(Scope scope, ContainerId id) {
    if (!has(scope, id, TaskStatus.RUNNING)) {
      return false;
    }
    Path marker = marker(scope, id);
    try {
      FileTrees.make(marker.resolveSibling("."));
      Files.writeString(marker, "");
    } catch (IOException e) {
      throw EngineException.internal(
          "cannot note the pause of container " + id + " in " + marker, e);
    }
    tasks.pause(scope, id);
    return true;
  }

  /** Lets it go on, also if the caller was interrupted. */
  void end(Scope scope, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      if (has(scope, id, TaskStatus.PAUSED)) {
        tasks.resume(scope, id);
      }
      Files.deleteIfExists(marker(scope, id));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "note of a pause not removed container=" + id, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Lets a container go on whose commit ended with an engine before this one. */
  void recover(Scope scope, ContainerId id) {
    if (Files.exists(marker(scope, id))) {
      LOG.log(Level.INFO, "goes on after a commit that was cut off container={0}", id);
      end(scope, id);
    }
  }

  private boolean has(Scope scope, ContainerId id, TaskStatus status) {
    try {
      return tasks.get(scope, id, "").status() == status;
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private Path marker(Scope scope, ContainerId id) {
    return paths.task(scope.namespace(), id).resolve(MARKER);
  }
}
