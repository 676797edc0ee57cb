package org.felucca.engine;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.CommitOptions;
import org.felucca.api.container.ContainerFiles;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.CopyOptions;
import org.felucca.api.content.ContentService;
import org.felucca.api.diff.Change;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.LayerService;
import org.felucca.api.diff.TreeArchives;
import org.felucca.api.diff.TreeArchives.Owner;
import org.felucca.api.diff.TreeArchives.Place;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What people do with the files of containers. */
@Component
public final class FileUseCases implements ContainerFiles {
  private static final Owner ROOT = new Owner(0, 0);

  private final ContainerStore containers;
  private final TreeArchives archives;
  private final ContainerTrees trees;
  private final Commits commits;

  /** With the parts below. */
  @Activate
  public FileUseCases(
      BundleContext context,
      @Reference ContainerStore containers,
      @Reference SnapshotService snapshots,
      @Reference TaskUseCases tasks,
      @Reference TreeArchives archives,
      @Reference LayerService layers,
      @Reference ContentService content,
      @Reference ImageService images,
      @Reference ImageStore names,
      @Reference LeaseStore leases,
      @Reference Collector collector) {
    this.containers = containers;
    this.archives = archives;
    this.trees = new ContainerTrees(snapshots, tasks);
    this.commits =
        new Commits(
            images,
            names,
            content,
            layers,
            new CommitPauses(tasks, EnginePaths.of(context)),
            trees,
            new WorkLeases(leases, collector));
  }

  private ContainerRecord container(Scope scope, ContainerId id) {
    ContainerRecord container = containers.get(scope, id);
    ContainerLifecycle.options(container);
    return container;
  }

  @Override
  public void changes(Scope scope, ContainerId id, Consumer<Change> sink) {
    ContainerRecord container = container(scope, id);
    ChangeFilter filter = new ChangeFilter(ContainerTrees.mountPlaces(container), sink);
    trees.base(
        scope,
        container,
        lower -> {
          archives.changes(lower, trees.root(scope, container), filter);
          return true;
        });
    filter.end();
  }

  @Override
  public void export(Scope scope, ContainerId id, OutputStream tar) {
    archives.pack(new Place(trees.root(scope, container(scope, id)), "/"), "", tar);
  }

  @Override
  public Optional<FileFacts> stat(Scope scope, ContainerId id, String path) {
    return trees.seen(
        scope, container(scope, id), tree -> archives.stat(new Place(tree, absolute(path))));
  }

  @Override
  public void read(
      Scope scope, ContainerId id, String path, CopyOptions options, OutputStream tar) {
    trees.seen(
        scope,
        container(scope, id),
        tree -> {
          // As if it were copied into an empty folder.
          CopyTarget target =
              CopyTarget.of(
                  absolute(path),
                  options.followLink(),
                  look(tree),
                  "/",
                  any -> Optional.of(folder()));
          archives.pack(new Place(tree, target.source()), target.name(), tar);
          return true;
        });
  }

  private static FileFacts folder() {
    return new FileFacts("/", FileFacts.Kind.FOLDER, 0755, 0, java.time.Instant.EPOCH, "");
  }

  @Override
  public void write(
      Scope scope, ContainerId id, String folder, CopyOptions options, InputStream tar) {
    trees.seen(
        scope,
        container(scope, id),
        tree -> {
          archives.unpack(tar, new Place(tree, absolute(folder)), owner(options));
          return true;
        });
  }

  @Override
  public void copyOut(Scope scope, ContainerId id, String path, String here, CopyOptions options) {
    trees.seen(
        scope,
        container(scope, id),
        tree -> {
          CopyTarget target =
              CopyTarget.of(
                  absolute(path), options.followLink(), look(tree), here, look(machine()));
          archives.copy(
              new Place(tree, target.source()),
              target.name(),
              // A tree of its own, so that no link in the archive leads anywhere else.
              Place.of(target.folder()),
              owner(options));
          return true;
        });
  }

  @Override
  public void copyIn(Scope scope, ContainerId id, String here, String path, CopyOptions options) {
    trees.seen(
        scope,
        container(scope, id),
        tree -> {
          CopyTarget target =
              CopyTarget.of(
                  here, options.followLink(), look(machine()), absolute(path), look(tree));
          archives.copy(
              new Place(machine(), target.source()),
              target.name(),
              new Place(tree, target.folder()),
              owner(options));
          return true;
        });
  }

  private CopyTarget.Look look(List<Mount> tree) {
    return path -> archives.stat(new Place(tree, path));
  }

  private static List<Mount> machine() {
    return Place.of("/").tree();
  }

  private static @Nullable Owner owner(CopyOptions options) {
    return options.keepOwner() ? null : ROOT;
  }

  private static String absolute(String path) {
    if (path.isEmpty()) {
      throw EngineException.invalid("a path in the container is missing; write it as NAME:/path");
    }
    return path.startsWith("/") ? path : "/" + path;
  }

  @Override
  public Image commit(Scope scope, ContainerId id, CommitOptions options, Progress progress) {
    ContainerRecord container = container(scope, id);
    try {
      return commits.commit(scope, container, options, progress);
    } catch (EngineException e) {
      throw e.during("commit container " + container.name());
    }
  }
}
