package org.felucca.engine;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;

/**
 * Makes the picture of the tasks from what the shims say; the world is believed over any record.
 */
final class TaskRecovery {
  private static final Logger LOG = Logger.getLogger(TaskRecovery.class.getName());

  private final ShimService shims;
  private final TaskExits exits;

  TaskRecovery(ShimService shims, TaskExits exits) {
    this.shims = shims;
    this.exits = exits;
  }

  /** Finds every task again. */
  void recover(Map<TaskKey, TrackedTask> tasks) {
    for (FoundShim found : shims.recover()) {
      TaskKey key = new TaskKey(found.namespace(), found.id());
      try {
        switch (found) {
          case FoundShim.Live live -> live(key, live.shim(), tasks);
          case FoundShim.Dead dead -> dead(key, dead.pid(), dead.exit(), tasks);
          case FoundShim.Silent silent -> silent(key, silent, tasks);
        }
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "task not recovered container=" + key, e);
        tasks.put(key, unknown(key, 0, ""));
      }
    }
    LOG.log(Level.FINE, "tasks found count={0}", tasks.size());
  }

  private void live(TaskKey key, Shim shim, Map<TaskKey, TrackedTask> tasks) {
    if (exits.wasDeleted(key)) {
      discard(key, shim);
      exits.forget(key);
      return;
    }
    TaskState init;
    try {
      init = shim.state("");
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        // The engine ended between the launch and the create.
        discard(key, shim);
        return;
      }
      throw e;
    }
    TrackedTask task =
        new TrackedTask(key, shim.info().bundle().toString(), shim.info().runtime(), shim);
    tasks.put(key, task);
    Set<String> execIds = new LinkedHashSet<>();
    if (init.status() != TaskStatus.STOPPED) {
      for (ProcessDetails process : shim.pids()) {
        String execId = process.execId();
        if (execId != null && !execId.isEmpty() && !execId.equals(key.id().value())) {
          execIds.add(execId);
        }
      }
    }
    execIds.addAll(exits.execIds(key));
    for (String execId : execIds) {
      try {
        add(task, shim.state(execId));
      } catch (EngineException e) {
        LOG.log(Level.FINE, "process is gone container={0} exec={1}", new Object[] {key, execId});
      }
    }
    add(task, init);
  }

  private void add(TrackedTask task, TaskState state) {
    TrackedProcess process = task.add(state.execId(), state.pid(), state.status(), state.io());
    Exit exit = state.exit();
    if (exit != null) {
      if (exits.wasTold(task.key, state.execId())) {
        exits.knownToAll(task, process, exit);
      } else {
        exits.ended(task, process, exit);
      }
    }
  }

  private static void discard(TaskKey key, Shim shim) {
    LOG.log(Level.INFO, "shim without a task is ended container={0}", key);
    shim.destroy();
  }

  private void dead(TaskKey key, int pid, Exit exit, Map<TaskKey, TrackedTask> tasks) {
    if (exits.wasDeleted(key)) {
      exits.forget(key);
      return;
    }
    LOG.log(Level.WARNING, "shim died container={0} status={1}", new Object[] {key, exit.status()});
    TrackedTask task = unknown(key, pid, "");
    tasks.put(key, task);
    TrackedProcess process = task.process("");
    if (exits.wasTold(key, "")) {
      exits.knownToAll(task, process, exit);
    } else {
      exits.ended(task, process, exit);
    }
  }

  private static void silent(
      TaskKey key, FoundShim.Silent silent, Map<TaskKey, TrackedTask> tasks) {
    LOG.log(
        Level.WARNING,
        "shim does not answer, left alone container={0} why={1}",
        new Object[] {key, silent.why()});
    tasks.put(key, unknown(key, 0, silent.bundle().toString()));
  }

  private static TrackedTask unknown(TaskKey key, int pid, String bundle) {
    TrackedTask task = new TrackedTask(key, bundle, "", null);
    task.add("", pid, TaskStatus.UNKNOWN, ProcessIo.NONE);
    return task;
  }

  /** A connection broke: connects again, or learns how the container ended. */
  void again(TrackedTask task) {
    task.shim(null);
    try {
      Exit exit = shims.cleanUp(task.key.namespace(), task.key.id());
      for (TrackedProcess process : task.processes()) {
        exits.ended(task, process, exit);
      }
    } catch (EngineException alive) {
      for (FoundShim found : shims.recover()) {
        if (found instanceof FoundShim.Live live
            && new TaskKey(live.namespace(), live.id()).equals(task.key)) {
          task.shim(live.shim());
          return;
        }
      }
      LOG.log(Level.WARNING, "shim lives and does not answer container=" + task.key, alive);
    }
  }
}
