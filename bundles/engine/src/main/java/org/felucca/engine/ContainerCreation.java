package org.felucca.engine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
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
import org.felucca.api.container.StorageOptions;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.SpecHost;
import org.felucca.api.spec.SpecRequest;
import org.felucca.api.spec.SpecService;
import org.felucca.api.trace.Trace;
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
  private final VolumeUseCases volumes;
  private final VolumeMounts mounts;
  private final ContainerLogs logs;
  private final SelfRemovals selfRemovals;
  private final RecentImages recent = new RecentImages();
  private final ImageUsers users;
  private final SecureRandom random = new SecureRandom();

  ContainerCreation(
      ImageService images,
      SnapshotService snapshots,
      ContainerStore containers,
      SpecService specs,
      RuntimeLookup runtimes,
      VolumeUseCases volumes,
      EnginePaths paths,
      NamespaceDefaults defaults,
      ContainerLogs logs,
      SelfRemovals selfRemovals) {
    this.images = images;
    this.snapshots = snapshots;
    this.containers = containers;
    this.specs = specs;
    this.runtimes = runtimes;
    this.paths = paths;
    this.neighbours = new Neighbours(containers);
    this.defaults = defaults;
    this.volumes = volumes;
    this.mounts = new VolumeMounts(containers, volumes);
    this.logs = logs;
    this.selfRemovals = selfRemovals;
    this.users = new ImageUsers(paths.state().resolve("image-users"));
  }

  ContainerRecord create(Scope scope, CreateOptions given) {
    String name = given.name();
    if (name != null) {
      Identifiers.check("container name", name);
      checkFree(scope, name);
    }
    RuntimeLookup.Choice runtime = runtimes.choose(defaults.runtime(scope, given.runtime()));
    Trace.mark("runtime chosen");
    Source source = source(scope, given);
    Trace.mark("image found");
    ImageConfig image = ImageConfig.parse(source.config(), "the config of the image");
    CreateOptions options = neighbours.resolve(scope, given);
    if (options.life().autoRemove() && options.life().restart().restarts()) {
      throw EngineException.invalid(
          "--rm and --restart %s contradict each other; give one of them"
              .formatted(options.life().restart()));
    }
    if (!options.resources().equals(Resources.UNLIMITED)) {
      options =
          options.withResources(
              HostLimits.detect().checked(options.resources(), runtime.version()));
    }
    options = options.withStorage(mounts.wanted(scope, options.storage(), image));
    SpecHost host = OptionChecks.check(options);
    specs.check(options, host);
    LifeOptions life = life(options.life(), image, source.config());
    LogOptions log = logs.check(options.log());
    Trace.mark("options checked");
    ContainerId id = new ContainerId(newId());
    List<String> made = new ArrayList<>();
    try (VolumeUseCases.Use _ = volumes.use()) {
      return make(
          scope, options.withLife(life).withLog(log), new Plan(id, runtime, source, host, made));
    } catch (RuntimeException e) {
      undo(scope, source, id, made);
      throw e;
    }
  }

  /**
   * What was decided before anything is made.
   *
   * @param made gets the names of new volumes
   */
  private record Plan(
      ContainerId id,
      RuntimeLookup.Choice runtime,
      Source source,
      SpecHost host,
      List<String> made) {}

  private ContainerRecord make(Scope scope, CreateOptions options, Plan plan) {
    ContainerId id = plan.id();
    Source source = plan.source();
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    List<Mount> root = root(scope, source, id);
    Trace.mark("snapshot prepared");
    VolumeMounts.Resolved resolved =
        mounts.make(scope, options.storage().mounts(), root, plan.made());
    Trace.mark("volumes made");
    ResolvedImage image = source.image();
    Path known =
        image == null || !resolved.filled().isEmpty()
            ? null
            : users.of(image.manifest().digest(), root);
    Made parts =
        known == null
            ? RootfsView.with(root, folder -> parts(scope, options, plan, resolved, folder))
            : parts(scope, options, plan, resolved, known);
    Trace.mark("spec made");
    Map<String, String> labels = new HashMap<>(options.labels());
    String name = options.name();
    labels.put(ContainerRecord.NAME_LABEL, name == null ? ContainerNames.random() : name);
    ContainerRecord record =
        new ContainerRecord(
            id,
            labels,
            source.name(),
            plan.runtime().name(),
            null,
            new TypedBytes(TypedBytes.OCI_SPEC, parts.spec()),
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
                        options.life(),
                        options.log(),
                        RuntimeSpec.args(parts.spec()),
                        parts.surroundings())
                    .bytes()));
    return keep(options.life().autoRemove() ? quick : scope, record, name == null);
  }

  /** What is made for a container beside its root file system. */
  private record Made(byte[] spec, Surroundings surroundings) {}

  private Made parts(
      Scope scope, CreateOptions options, Plan plan, VolumeMounts.Resolved resolved, Path rootfs) {
    ContainerId id = plan.id();
    resolved.filled().forEach(filled -> volumes.dress(scope, filled, rootfs));
    Surroundings surroundings =
        new Surroundings(
            options.network(),
            options.namespaces(),
            binds(resolved.mounts()),
            resolved.volumes(),
            options.root().folder());
    ContainerId named = surroundings.namesOf(id);
    NameFiles names =
        new NameFiles(paths.container(scope.namespace(), named).resolve(NameFiles.FOLDER));
    if (named.equals(id)) {
      names.make(
          options.network(),
          options.namespaces().network(),
          StartPreparation.hostname(surroundings, id));
    }
    Trace.mark("name files made");
    List<MountOption.Bind> engineMounts = new ArrayList<>(names.mounts(options.root().readOnly()));
    if (options.process().init()) {
      engineMounts.add(new MountOption.Bind(paths.init(), SpecService.INIT, true, List.of("bind")));
    }
    byte[] spec =
        specs.generate(
            new SpecRequest(
                scope.namespace(),
                id,
                options.withStorage(
                    new StorageOptions(resolved.mounts(), List.of(), options.storage().shmSize())),
                plan.source().config(),
                rootfs,
                plan.runtime().ociVersion(),
                plan.host(),
                engineMounts));
    return new Made(spec, surroundings);
  }

  /**
   * Where a root file system comes from.
   *
   * @param name of the image; empty for a folder
   * @param config of the image
   * @param snapshotter empty for a folder
   * @param image what is unpacked, or null
   * @param folder the folder, or null
   */
  private record Source(
      String name,
      byte[] config,
      String snapshotter,
      @Nullable ResolvedImage image,
      @Nullable Path folder) {}

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
      return new Source("", folderConfig(), "", null, folder);
    }
    Platform platform = Objects.requireNonNullElse(options.root().platform(), Platform.host());
    Image image = images.find(scope, options.root().image());
    ResolvedImage resolved =
        recent.get(
            scope.namespace(),
            image.target().digest(),
            platform,
            () -> images.resolve(scope, image, platform));
    String snapshotter = defaults.snapshotter(scope, options.root().snapshotter());
    return new Source(image.name(), resolved.configJson(), snapshotter, resolved, null);
  }

  private List<Mount> root(Scope scope, Source source, ContainerId id) {
    Path folder = source.folder();
    ResolvedImage image = source.image();
    if (folder != null) {
      return StartPreparation.folderMounts(folder);
    }
    if (image == null) {
      throw new IllegalStateException("neither an image nor a folder");
    }
    String parent = images.unpack(scope, image, source.snapshotter(), Progress.NONE).toString();
    return snapshots.prepare(
        scope.withDurability(Durability.ENGINE_CRASH),
        source.snapshotter(),
        id.value(),
        parent,
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
        ContainerRecord kept = containers.create(scope, attempt);
        Trace.mark("record kept");
        return kept;
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

  private void undo(Scope scope, Source source, ContainerId id, List<String> made) {
    boolean interrupted = Thread.interrupted();
    try {
      volumes.undo(scope, made);
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

  private List<ContainerRecord> called(Scope scope, String name) {
    return containers.listWithoutSpecs(
        scope, List.of("labels.\"" + ContainerRecord.NAME_LABEL + "\"==\"" + name + "\""));
  }

  private void checkFree(Scope scope, String name) {
    List<ContainerRecord> taken = called(scope, name);
    if (!taken.isEmpty()) {
      selfRemovals.await(scope, taken.getFirst().id());
      taken = called(scope, name);
    }
    if (!taken.isEmpty()) {
      throw EngineException.alreadyExists(
          "container name %s is taken by %s; choose another one, or remove it by 'felucca rm %s'"
              .formatted(name, taken.getFirst().id().shortForm(), name));
    }
  }

  /** Fills in what the image says of the end of its containers. */
  private static LifeOptions life(LifeOptions wanted, ImageConfig image, byte[] imageConfig) {
    String signal = wanted.stopSignal();
    if (signal == null) {
      signal = image.config().stopSignal();
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
