package org.felucca.engine;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerControl;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.ProcessTable;
import org.felucca.api.container.Resources;
import org.felucca.api.container.RestartPolicy;
import org.felucca.api.spec.SpecService;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.task.TaskUsage;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What a container is told after it was made. */
@Component(service = ContainerControl.class)
public final class ControlUseCases implements ContainerControl {
  private static final Logger LOG = Logger.getLogger(ControlUseCases.class.getName());

  private final ContainerUseCases useCases;
  private final ContainerLifecycle lifecycle;
  private final ContainerStore containers;
  private final TaskUseCases tasks;
  private final SpecService specs;
  private final RuntimeLookup runtimes;

  /** With the parts below. */
  @Activate
  public ControlUseCases(
      @Reference ContainerUseCases useCases,
      @Reference ContainerStore containers,
      @Reference TaskUseCases tasks,
      @Reference SpecService specs,
      @Reference RuntimeLookup runtimes) {
    this.useCases = useCases;
    this.lifecycle = useCases.lifecycle();
    this.containers = containers;
    this.tasks = tasks;
    this.specs = specs;
    this.runtimes = runtimes;
  }

  /** The task of a container that runs or is paused. */
  private TaskState running(Scope scope, ContainerRecord container) {
    TaskState task = lifecycle.task(scope, container.id());
    if (task == null
        || task.status() == TaskStatus.STOPPED
        || task.status() == TaskStatus.CREATED) {
      throw ContainerEnd.notRunning(container);
    }
    return task;
  }

  @Override
  public void pause(Scope scope, ContainerId id) {
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      if (running(scope, container).status() == TaskStatus.PAUSED) {
        throw EngineException.precondition(
            "container %s is paused already".formatted(container.name()));
      }
      tasks.pause(scope, id);
    }
  }

  @Override
  public void unpause(Scope scope, ContainerId id) {
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      if (running(scope, container).status() != TaskStatus.PAUSED) {
        throw EngineException.precondition(
            "container %s is not paused".formatted(container.name()));
      }
      tasks.resume(scope, id);
    }
  }

  @Override
  public void kill(Scope scope, ContainerId id, int signal) {
    lifecycle.end().kill(scope, id, signal);
  }

  @Override
  public int restart(
      Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    useCases.awaitRecovered();
    return lifecycle.end().restart(scope, id, signal, grace);
  }

  @Override
  public void rename(Scope scope, ContainerId id, String name) {
    Identifiers.check("container name", name);
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      if (container.name().equals(name)) {
        throw EngineException.invalid("container %s has that name already".formatted(name));
      }
      ContainerRecord named =
          containers.update(
              scope,
              container.withLabels(Map.of(ContainerRecord.NAME_LABEL, name)),
              Set.of("labels." + ContainerRecord.NAME_LABEL));
      LOG.log(
          Level.FINE, "renamed container={0} name={1}", new Object[] {named.id(), named.name()});
    }
  }

  @Override
  public void update(
      Scope scope, ContainerId id, Resources limits, @Nullable RestartPolicy restart) {
    try (KeyedLocks.Held _ = lifecycle.lock(scope, id)) {
      ContainerRecord container = containers.get(scope, id);
      ContainerRecord changed = container;
      Set<String> paths = new HashSet<>();
      TypedBytes spec = container.spec();
      if (restart != null) {
        ManagedOptions options = ContainerLifecycle.options(container);
        if (options.autoRemove() && restart.restarts()) {
          throw EngineException.precondition(
              "container %s removes itself (--rm), so it can't have the restart policy %s"
                  .formatted(container.name(), restart));
        }
        changed =
            changed.withExtension(
                ManagedOptions.EXTENSION,
                options.withLife(options.life().withRestart(restart)).bytes());
        paths.add("extensions." + ManagedOptions.EXTENSION);
      }
      if (!limits.equals(Resources.UNLIMITED)) {
        String runtime = runtimes.info(runtimes.resolve(container.runtime())).version();
        HostLimits host = HostLimits.detect();
        Resources checked = host.checked(limits, runtime);
        if (spec == null) {
          throw EngineException.precondition(
              "container %s has no spec to change".formatted(container.name()));
        }
        byte[] next = specs.withResources(spec.value(), checked);
        TaskState task = lifecycle.task(scope, id);
        if (task != null && task.status() != TaskStatus.STOPPED) {
          tasks.update(
              scope,
              id,
              new TypedBytes(
                  TypedBytes.OCI_LINUX_RESOURCES,
                  specs.resources(host.forUpdate(checked, runtime))),
              Map.of());
        }
        changed = changed.withSpec(new TypedBytes(spec.typeUrl(), next));
        paths.add("spec");
      }
      if (!paths.isEmpty()) {
        ContainerRecord kept = containers.update(scope, changed, paths);
        LOG.log(Level.FINE, "updated container={0} what={1}", new Object[] {kept.id(), paths});
      }
    }
  }

  @Override
  public ProcessTable top(Scope scope, ContainerId id, List<String> options) {
    TaskState task = running(scope, containers.get(scope, id));
    List<Integer> pids = tasks.pids(scope, id).stream().map(ProcessDetails::pid).toList();
    LOG.log(Level.FINER, "top container={0} pid={1}", new Object[] {id, task.pid()});
    return options.isEmpty() ? ProcessList.usual(pids) : ProcessList.byPs(pids, options);
  }

  @Override
  public TaskUsage usage(Scope scope, ContainerId id) {
    TaskState task = running(scope, containers.get(scope, id));
    TaskUsage usage = tasks.usage(scope, id);
    if (usage.receivedBytes() == 0 && usage.sentBytes() == 0) {
      NetworkCounters network = NetworkCounters.of(task.pid());
      usage = usage.withNetwork(network.received(), network.sent());
    }
    return usage.withMemoryLimit(Math.min(usage.memoryLimit(), HostMemory.total()));
  }
}
