package org.felucca.engine;

import java.time.Instant;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;

/**
 * Makes good what an engine before this one did not finish with the containers that it made for
 * users.
 */
final class ContainerRecovery {
  private static final Logger LOG = Logger.getLogger(ContainerRecovery.class.getName());

  private final ContainerStore containers;
  private final ContainerLifecycle lifecycle;
  private final ExitFiles exitFiles;
  private final CommitPauses pauses;
  private final EngineRun run;

  ContainerRecovery(
      ContainerStore containers,
      ContainerLifecycle lifecycle,
      ExitFiles exitFiles,
      CommitPauses pauses,
      EngineRun run) {
    this.containers = containers;
    this.lifecycle = lifecycle;
    this.exitFiles = exitFiles;
    this.pauses = pauses;
    this.run = run;
  }

  /** One damaged or stubborn container does not keep the others from being recovered. */
  void recover(Namespace namespace) {
    Scope scope = Scope.of(namespace);
    for (ContainerRecord container : containers.list(scope, List.of())) {
      try {
        ManagedOptions options = ManagedOptions.of(container);
        if (options != null) {
          recover(scope, container, options);
        }
      } catch (EngineException e) {
        LOG.log(Level.WARNING, "container not recovered id=" + container.id(), e);
      }
    }
  }

  private void recover(Scope scope, ContainerRecord container, ManagedOptions options) {
    TaskState task = lifecycle.task(scope, container.id());
    if (task != null && task.status() == TaskStatus.CREATED) {
      lifecycle
          .end()
          .abandon(scope, container.id()); // the engine ended between the create and the start
    } else if (task != null) {
      pauses.recover(scope, container.id());
      lifecycle.watch(scope, container.id());
      return;
    }
    lifecycle.starts().removeCgroups(lifecycle.get(scope, container.id())); // a list has no specs
    ManagedState state = ManagedState.of(container);
    if (state == null) {
      // Never started. If it is to remove itself, nobody is left to start it once the process that
      // made it is gone.
      if (options.autoRemove() && container.createdAt().isBefore(run.start())) {
        lifecycle.end().removeEnded(scope, container);
      }
      return;
    }
    TaskKey key = new TaskKey(scope.namespace(), container.id());
    Exit left = state.exit() == null ? exitFiles.find(key) : state.exit();
    Exit exit = left == null ? new Exit(Exit.UNKNOWN_STATUS, Instant.now()) : left;
    if (state.exit() == null) {
      LOG.log(
          Level.WARNING,
          "container has no shim any more id={0} status={1} reason={2}",
          new Object[] {
            container.id(),
            exit.status(),
            state.boot().equals(run.boot()) ? "its shim died" : "reboot"
          });
    }
    if (options.autoRemove()) {
      exitFiles.keep(key, exit);
      lifecycle.end().removeEnded(scope, container);
      return;
    }
    if (state.exit() == null) {
      lifecycle.keep(scope, container, state.ended(exit));
    }
    lifecycle.restarts().schedule(scope, lifecycle.get(scope, container.id()));
  }
}
