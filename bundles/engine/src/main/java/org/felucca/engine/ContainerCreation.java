package org.felucca.engine;

import java.nio.file.Files;
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
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.spec.SpecRequest;
import org.felucca.api.spec.SpecService;
import org.felucca.linux.Signal;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.RuntimeSpec;

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
  private final String defaultSnapshotter;
  private final ContainerLogs logs;
  private final SecureRandom random = new SecureRandom();

  ContainerCreation(
      ImageService images,
      SnapshotService snapshots,
      ContainerStore containers,
      SpecService specs,
      RuntimeLookup runtimes,
      String defaultSnapshotter,
      ContainerLogs logs) {
    this.images = images;
    this.snapshots = snapshots;
    this.containers = containers;
    this.specs = specs;
    this.runtimes = runtimes;
    this.defaultSnapshotter = defaultSnapshotter;
    this.logs = logs;
  }

  ContainerRecord create(Scope scope, CreateOptions options) {
    checkMounts(options.storage().mounts());
    String name = options.name();
    if (name != null) {
      Identifiers.check("container name", name);
      checkFree(scope, name);
    }
    RuntimeLookup.Choice runtime =
        runtimes.choose(options.runtime() == null ? "" : options.runtime());
    Image image = images.find(scope, options.root().image());
    ResolvedImage resolved = images.resolve(scope, image, Platform.host());
    LogOptions log = logs.check(options.log());
    LifeOptions life = life(options.life(), resolved);
    String snapshotter =
        Objects.requireNonNullElse(options.root().snapshotter(), defaultSnapshotter);
    String parent = images.unpack(scope, resolved, snapshotter, Progress.NONE).toString();

    ContainerId id = new ContainerId(newId());
    Scope quick = scope.withDurability(Durability.ENGINE_CRASH);
    List<Mount> mounts =
        snapshots.prepare(
            quick,
            snapshotter,
            id.value(),
            parent,
            Map.of(CONTAINER_LABEL, id.value(), GC_ROOT, Instant.now().toString()));
    try {
      byte[] spec =
          RootfsView.with(
              mounts,
              folder ->
                  specs.generate(
                      new SpecRequest(
                          scope.namespace(),
                          id,
                          options,
                          resolved.configJson(),
                          folder,
                          runtime.info().ociVersion(),
                          HostCgroups.unified(),
                          List.of())));
      Map<String, String> labels = new HashMap<>(options.labels());
      labels.put(ContainerRecord.NAME_LABEL, name == null ? ContainerNames.random() : name);
      ContainerRecord record =
          new ContainerRecord(
              id,
              labels,
              image.name(),
              runtime.name(),
              null,
              new TypedBytes(TypedBytes.OCI_SPEC, spec),
              snapshotter,
              id.value(),
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
                          RuntimeSpec.parse(spec).args())
                      .bytes()));
      return keep(life.autoRemove() ? quick : scope, record, name == null);
    } catch (RuntimeException e) {
      undo(scope, snapshotter, id);
      throw e;
    }
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

  private void undo(Scope scope, String snapshotter, ContainerId id) {
    boolean interrupted = Thread.interrupted();
    try {
      snapshots.remove(scope.withDurability(Durability.ENGINE_CRASH), snapshotter, id.value());
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "snapshot of a failed create is swept at the next start id=" + id, e);
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

  private static void checkMounts(List<MountOption> mounts) {
    for (MountOption mount : mounts) {
      if (mount instanceof MountOption.Bind bind && !Files.exists(bind.source())) {
        throw EngineException.invalid(
            "volume source %s does not exist; make it first".formatted(bind.source()));
      }
    }
  }

  /** Fills in what the image says of the end of its containers. */
  private static LifeOptions life(LifeOptions wanted, ResolvedImage image) {
    String signal = wanted.stopSignal();
    String whose = "--stop-signal";
    if (signal == null) {
      signal =
          ImageConfig.parse(image.configJson(), "image config " + image.config().digest())
              .config()
              .stopSignal();
      whose = "the image's stop signal";
    }
    if (signal == null || signal.isEmpty()) {
      signal = "SIGTERM";
    }
    try {
      Signal checked = Signal.parse(signal);
      assert checked.number() > 0;
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid(
          "%s %s is none that this machine knows; kill -l lists them"
              .formatted(whose, Identifiers.quote(signal)));
    }
    return new LifeOptions(wanted.autoRemove(), signal, wanted.stopTimeout(), wanted.pidFile());
  }

  private String newId() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
