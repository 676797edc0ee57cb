package org.felucca.engine;

import java.util.concurrent.CompletableFuture;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskStatus;
import org.jspecify.annotations.Nullable;

/** A process of a task, as far as the engine knows. Guarded by the monitor of its task. */
final class TrackedProcess {
  final String execId;
  final ProcessIo io;
  final CompletableFuture<Exit> ended = new CompletableFuture<>();
  int pid;
  TaskStatus status;
  @Nullable Exit exit;

  /** A start is on its way, so that an exit seen meanwhile is told after the start. */
  boolean starting;

  /** The exit was told, or was told by an earlier engine. */
  boolean told;

  TrackedProcess(String execId, int pid, TaskStatus status, ProcessIo io) {
    this.execId = execId;
    this.pid = pid;
    this.status = status;
    this.io = io;
  }
}
