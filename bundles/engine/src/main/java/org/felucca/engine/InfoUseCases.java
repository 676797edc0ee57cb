package org.felucca.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerView;
import org.felucca.api.content.ContentService;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImageStore;
import org.felucca.api.info.DiskUse;
import org.felucca.api.info.EngineInfo;
import org.felucca.api.info.InfoService;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Answers what the engine is and how it is. */
@Component(
    service = {InfoService.class, InfoUseCases.class},
    configurationPid = EngineConfig.PID)
public final class InfoUseCases implements InfoService {
  private final BundleContext context;
  private final EnginePaths paths;
  private final String snapshotter;
  private final ContainerUseCases containers;
  private final ImageService images;
  private final SnapshotService snapshots;
  private final RuntimeLookup runtimes;
  private final DiskThreads disk = new DiskThreads("felucca-engine-df", 1);
  private final DiskUses uses;

  /** With the parts that know. */
  @Activate
  public InfoUseCases(
      BundleContext context,
      EngineConfig config,
      @Reference ContainerUseCases containers,
      @Reference ImageService images,
      @Reference SnapshotService snapshots,
      @Reference RuntimeLookup runtimes,
      @Reference ImageStore names,
      @Reference ContentService content,
      @Reference VolumeUseCases volumes) {
    this.context = context;
    this.paths = EnginePaths.of(context);
    this.snapshotter = config.default__snapshotter();
    this.containers = containers;
    this.images = images;
    this.snapshots = snapshots;
    this.runtimes = runtimes;
    this.uses = new DiskUses(names, content, snapshots, volumes, paths, disk);
  }

  @Deactivate
  void close() {
    disk.close();
  }

  @Override
  public List<DiskUse> diskUse(Scope scope, boolean count) {
    return uses.of(scope, containers.list(scope, List.of()), count);
  }

  @Override
  public EngineInfo info(Scope scope) {
    List<ContainerView> views = containers.list(scope, List.of());
    long running =
        views.stream()
            .map(ContainerView::task)
            .filter(Objects::nonNull)
            .map(TaskState::status)
            .filter(status -> status == TaskStatus.RUNNING || status == TaskStatus.PAUSED)
            .count();
    RuntimeLookup.Default runtime = runtimes.defaultRuntime();
    List<String> warnings = new ArrayList<>();
    try {
      runtimes.info(runtime.name());
    } catch (EngineException e) {
      warnings.add(e.getMessage());
    }
    List<SnapshotterInfo> snapshotters = snapshotters();
    snapshotters.stream()
        .filter(info -> info.name().equals(snapshotter))
        .findFirst()
        .ifPresentOrElse(
            info -> {
              if (!info.usable()) {
                warnings.add(
                    "the default snapshotter %s can't be used: %s"
                        .formatted(snapshotter, info.refusal()));
              }
            },
            () -> warnings.add("the default snapshotter " + snapshotter + " is not there"));
    return new EngineInfo(
        Objects.requireNonNullElse(context.getProperty("felucca.version"), "unknown"),
        paths.root(),
        paths.state(),
        Path.of(Objects.requireNonNullElse(context.getProperty("felucca.address"), "")),
        EngineRun.start(context),
        ProcessHandle.current().pid(),
        System.getProperty("os.version", ""),
        System.getProperty("os.arch", ""),
        HostCgroups.version(),
        runtime.name(),
        runtime.reason(),
        snapshotter,
        snapshotters,
        views.size(),
        (int) running,
        images.list(scope, List.of()).size(),
        warnings);
  }

  /** Each is tried out the first time. */
  private List<SnapshotterInfo> snapshotters() {
    List<SnapshotterInfo> infos = new ArrayList<>();
    for (String name : snapshots.snapshotters()) {
      try {
        infos.add(snapshots.snapshotter(name));
      } catch (EngineException e) {
        infos.add(new SnapshotterInfo(name, String.valueOf(e.getMessage())));
      }
    }
    return infos;
  }
}
