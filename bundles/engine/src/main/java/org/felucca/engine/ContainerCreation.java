package org.felucca.engine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.LogOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.Resources;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.SpecHost;
import org.felucca.api.spec.SpecRequest;
import org.felucca.api.spec.SpecService;
import org.felucca.linux.Signal;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/** Makes a container of an image: everything is checked first, and undone if anything fails. */
final class ContainerCreation {
  private static final Logger LOG = Logger.getLogger(ContainerCreation.class.getName());

  /** The label of a snapshot that belongs to a container; without its container it is swept. */
  static final String CONTAINER_LABEL = "felucca.container";

  private static final String GC_ROOT = "containerd.io/gc.root";

  private final ImageService images;
  private final SnapshotService snapshots;
  private final ContainerStore containers;
  private final SpecService specs;
  private final RuntimeLookup runtimes;
  private final EnginePaths paths;
  private final Neighbours neighbours;
  private final NamespaceDefaults defaults;
  private final ContainerLogs logs;
  private final SecureRandom random = new SecureRandom();

  ContainerCreation(
      ImageService images,
      SnapshotService snapshots,
      ContainerStore containers,
      SpecService specs,
      RuntimeLookup runtimes,
      EnginePaths paths,
      NamespaceDefaults defaults,
      ContainerLogs logs) {
    this.images = images;
    this.snapshots = snapshots;
    this.containers = containers;
    this.specs = specs;
    this.runtimes = runtimes;
    this.paths = paths;
    this.neighbours = new Neighbours(containers);
    this.defaults = defaults;
    this.logs = logs;
  }

  ContainerRecord create(Scope scope, CreateOptions given) {
    String name = given.name();
    if (name != null) {
      Identifiers.check("container name", name);
      checkFree(scope, name);
    }
    CreateOptions options = neighbours.resolve(scope, given);
    if (options.life().autoRemove() && options.life().restart().restarts()) {
      throw EngineException.invalid(
          "--rm and --restart %s contradict each other; give one of them"
              .formatted(options.life().restart()));
    }
    RuntimeLookup.Choice runtime = runtimes.choose(defaults.runtime(scope, options.runtime()));
    if (!options.resources().equals(Resources.UNLIMITED)) {
      options =
          options.withResources(
              HostLimits.detect().checked(options.resources(), runtime.info().version()));
    }
    SpecHost host = OptionChecks.check(options);
    specs.check(options, host);
    LogOptions log = logs.check(options.log());
    Source source = source(scope, options);
    LifeOptions life = life(options.life(), source.config());
    ContainerId id = new ContainerId(newId());
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    try {
      List<Mount> root = root(quick, source, id);
      Surroundings surroundings =
          new Surroundings(
              options.network(),
              options.namespaces(),
              binds(options.storage().mounts()),
              List.of(),
              options.root().folder());
      NameFiles names =
          new NameFiles(
              paths
                  .container(scope.namespace(), surroundings.namesOf(id))
                  .resolve(NameFiles.FOLDER));
      if (surroundings.namesOf(id).equals(id)) {
        names.make(
            options.network(),
            options.namespaces().network(),
            StartPreparation.hostname(surroundings, id));
      }
      SpecRequest request =
          new SpecRequest(
              scope.namespace(),
              id,
              options,
              source.config(),
              Path.of("/"),
              runtime.info().ociVersion(),
              host,
              names.mounts(options.root().readOnly()));
      byte[] spec = RootfsView.with(root, folder -> specs.generate(request.withRootfs(folder)));
      Map<String, String> labels = new HashMap<>(options.labels());
      labels.put(ContainerRecord.NAME_LABEL, name == null ? ContainerNames.random() : name);
      ContainerRecord record =
          new ContainerRecord(
              id,
              labels,
              source.name(),
              runtime.name(),
              null,
              new TypedBytes(TypedBytes.OCI_SPEC, spec),
              source.snapshotter(),
              source.snapshotter().isEmpty() ? "" : id.value(),
              "",
              Instant.EPOCH,
              Instant.EPOCH,
              Map.of(
                  ManagedOptions.EXTENSION,
                  new ManagedOptions(
                          options.process().terminal(),
                          options.process().stdin(),
                          life,
                          log,
                          RuntimeSpec.parse(spec).args(),
                          surroundings)
                      .bytes()));
      return keep(life.autoRemove() ? quick : scope, record, name == null);
    } catch (RuntimeException e) {
      undo(scope, source, id);
      throw e;
    }
  }

  /**
   * Where a root file system comes from.
   *
   * @param name of the image; empty for a folder
   * @param config of the image
   * @param snapshotter empty for a folder
   * @param parent the snapshot below it; empty for a folder
   * @param folder the folder, or null
   */
  private record Source(
      String name, byte[] config, String snapshotter, String parent, @Nullable Path folder) {}

  /** Of a folder nothing is known. */
  private static byte[] folderConfig() {
    return """
        {"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}
        """
        .formatted(Platform.host().architecture())
        .getBytes(StandardCharsets.UTF_8);
  }

  private Source source(Scope scope, CreateOptions options) {
    Path folder = options.root().folder();
    if (folder != null) {
      if (!Files.isDirectory(folder)) {
        throw EngineException.invalid(
            "--rootfs %s is no folder of this machine; make it by felucca export, for one"
                .formatted(folder));
      }
      if (options.root().snapshotter() != null || options.root().platform() != null) {
        throw EngineException.invalid(
            "--snapshotter and --platform are for images; leave them out with --rootfs");
      }
      return new Source("", folderConfig(), "", "", folder);
    }
    Platform platform = Objects.requireNonNullElse(options.root().platform(), Platform.host());
    Image image = images.find(scope, options.root().image());
    ResolvedImage resolved = images.resolve(scope, image, platform);
    String snapshotter = defaults.snapshotter(scope, options.root().snapshotter());
    return new Source(
        image.name(),
        resolved.configJson(),
        snapshotter,
        images.unpack(scope, resolved, snapshotter, Progress.NONE).toString(),
        null);
  }

  private List<Mount> root(Scope quick, Source source, ContainerId id) {
    Path folder = source.folder();
    if (folder != null) {
      return StartPreparation.folderMounts(folder);
    }
    return snapshots.prepare(
        quick,
        source.snapshotter(),
        id.value(),
        source.parent(),
        Map.of(CONTAINER_LABEL, id.value(), GC_ROOT, Instant.now().toString()));
  }

  private static List<MountOption.Bind> binds(List<MountOption> mounts) {
    return mounts.stream()
        .filter(MountOption.Bind.class::isInstance)
        .map(MountOption.Bind.class::cast)
        .toList();
  }

  /** A made-up name may be taken: another one is tried. */
  private ContainerRecord keep(Scope scope, ContainerRecord record, boolean madeUp) {
    ContainerRecord attempt = record;
    for (int i = 0; ; i++) {
      try {
        return containers.create(scope, attempt);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS || !madeUp || i == 10) {
          throw e;
        }
        Map<String, String> labels = new HashMap<>(record.labels());
        labels.put(
            ContainerRecord.NAME_LABEL,
            ContainerNames.random() + "_" + record.id().value().substring(0, 6));
        attempt =
            new ContainerRecord(
                record.id(),
                labels,
                record.image(),
                record.runtime(),
                record.runtimeOptions(),
                record.spec(),
                record.snapshotter(),
                record.snapshotKey(),
                record.sandbox(),
                record.createdAt(),
                record.updatedAt(),
                record.extensions());
      }
    }
  }

  private void undo(Scope scope, Source source, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      FileTrees.delete(paths.container(scope.namespace(), id));
      if (!source.snapshotter().isEmpty()) {
        snapshots.remove(
            scope.withDurability(Durability.ENGINE_CRASH), source.snapshotter(), id.value());
      }
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        LOG.log(
            Level.WARNING, "leftovers of a failed create are swept at the next start id=" + id, e);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void checkFree(Scope scope, String name) {
    List<ContainerRecord> taken =
        containers.listWithoutSpecs(
            scope, List.of("labels.\"" + ContainerRecord.NAME_LABEL + "\"==\"" + name + "\""));
    if (!taken.isEmpty()) {
      throw EngineException.alreadyExists(
          "container name %s is taken by %s; choose another one, or remove it by 'felucca rm %s'"
              .formatted(name, taken.getFirst().id().shortForm(), name));
    }
  }

  /** Fills in what the image says of the end of its containers. */
  private static LifeOptions life(LifeOptions wanted, byte[] imageConfig) {
    String signal = wanted.stopSignal();
    if (signal == null) {
      signal = ImageConfig.parse(imageConfig, "the config of the image").config().stopSignal();
      if (signal == null || signal.isEmpty()) {
        signal = "SIGTERM";
      }
      Signal checked = OptionChecks.signal("the image's stop signal", signal);
      assert checked.number() > 0;
    }
    return new LifeOptions(
        wanted.autoRemove(),
        signal,
        wanted.stopTimeout(),
        wanted.pidFile(),
        wanted.restart(),
        HealthChecks.resolve(wanted.health(), imageConfig));
  }

  private String newId() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
