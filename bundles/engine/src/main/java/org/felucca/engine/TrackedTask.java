package org.felucca.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.shim.Shim;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.jspecify.annotations.Nullable;

/**
 * A task and its processes, as far as the engine knows. Its monitor guards all of it and is never
 * held across a call.
 */
final class TrackedTask {
  final TaskKey key;
  final String bundle;
  final String runtime;

  /** The connection to its shim; null when the shim is dead or does not answer. */
  private @Nullable Shim shim;

  private final Map<String, TrackedProcess> processes = new LinkedHashMap<>();

  TrackedTask(TaskKey key, String bundle, String runtime, @Nullable Shim shim) {
    this.key = key;
    this.bundle = bundle;
    this.runtime = runtime;
    this.shim = shim;
  }

  synchronized @Nullable Shim shimOrNull() {
    return shim;
  }

  synchronized void shim(@Nullable Shim other) {
    shim = other;
  }

  /** The connection to its shim; UNAVAILABLE if there is none. */
  synchronized Shim shim() {
    if (shim == null) {
      throw EngineException.unavailable(
          "the shim of container "
              + key
              + " does not answer; look at 'felucca inspect' and the log");
    }
    return shim;
  }

  synchronized TrackedProcess add(String execId, int pid, TaskStatus status, ProcessIo io) {
    if (processes.containsKey(execId)) {
      throw EngineException.alreadyExists(
          "process " + execId + " of container " + key + " exists already");
    }
    TrackedProcess process = new TrackedProcess(execId, pid, status, io);
    processes.put(execId, process);
    return process;
  }

  synchronized void remove(String execId) {
    processes.remove(execId);
  }

  /** The process; NOT_FOUND. */
  synchronized TrackedProcess process(String execId) {
    TrackedProcess process = processes.get(execId);
    if (process == null) {
      throw EngineException.notFound("process " + execId + " of container " + key + " not found");
    }
    return process;
  }

  synchronized List<TrackedProcess> processes() {
    return new ArrayList<>(processes.values());
  }

  /** Changes the status of the first process if it is the expected one. */
  synchronized void become(TaskStatus from, TaskStatus to) {
    TrackedProcess init = process("");
    if (init.status == from) {
      init.status = to;
    }
  }

  synchronized TaskState state(String execId) {
    return state(process(execId));
  }

  /** Its first process; null while it is just being made or taken away. */
  synchronized @Nullable TaskState init() {
    TrackedProcess init = processes.get("");
    return init == null ? null : state(init);
  }

  private TaskState state(TrackedProcess p) {
    return new TaskState(key.id(), p.execId, p.pid, p.status, p.io, p.exit, bundle);
  }
}
