package org.felucca.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.StorageOptions;
import org.felucca.api.snapshot.Mount;
import org.felucca.oci.ImageConfig;

/** From the mounts that a user, other containers and the image want to folders of this machine. */
final class VolumeMounts {
  private final ContainerStore containers;
  private final VolumeUseCases volumes;

  VolumeMounts(ContainerStore containers, VolumeUseCases volumes) {
    this.containers = containers;
    this.volumes = volumes;
  }

  /**
   * All mounts that are wanted: the user's, then those of other containers, then the image's
   * volumes, each destination once.
   *
   * @throws EngineException INVALID_ARGUMENT for a container that is not there, or a volume of the
   *     image over what the kernel shows
   */
  StorageOptions wanted(Scope scope, StorageOptions options, ImageConfig image) {
    List<MountOption> all = new ArrayList<>(options.mounts());
    Set<String> taken = new HashSet<>();
    for (MountOption mount : options.mounts()) {
      taken.add(normal(mount.destination()));
      if (mount instanceof MountOption.Volume volume && volume.name() != null) {
        String name = VolumeFolders.checkName("--volume", volume.name());
        assert !name.isEmpty();
      }
    }
    for (String text : options.volumesFrom()) {
      for (MountOption.Bind mount : from(scope, text)) {
        if (taken.add(normal(mount.destination()))) {
          all.add(mount);
        }
      }
    }
    for (String path : image.config().volumes().stream().sorted().toList()) {
      String destination = normal(path);
      if (taken.add(destination)) {
        all.add(new MountOption.Volume(null, ofImage(destination, path), false, true, List.of()));
      }
    }
    return new StorageOptions(all, List.of(), options.shmSize());
  }

  /** What an image declares must not cover what keeps the container in. */
  private static String ofImage(String destination, String path) {
    for (String kernel : List.of("/proc", "/sys", "/dev")) {
      if (destination.equals(kernel) || destination.startsWith(kernel + "/")) {
        throw refused(path);
      }
    }
    if (destination.equals("/")) {
      throw refused(path);
    }
    return destination;
  }

  private static EngineException refused(String path) {
    return EngineException.invalid(
        "the image wants a volume at %s, which no image may have; use another image"
            .formatted(Identifiers.quote(path)));
  }

  private static String normal(String path) {
    return Path.of("/").resolve(path.indexOf('\0') < 0 ? path : "").normalize().toString();
  }

  private List<MountOption.Bind> from(Scope scope, String text) {
    int colon = text.indexOf(':');
    String mode = colon < 0 ? "" : text.substring(colon + 1);
    if (!Set.of("", "ro", "rw").contains(mode)) {
      throw EngineException.invalid(
          "--volumes-from %s is not understood: write it as CONTAINER or CONTAINER:ro"
              .formatted(Identifiers.quote(text)));
    }
    ContainerRecord other =
        Neighbours.find(
            containers, scope, "--volumes-from", colon < 0 ? text : text.substring(0, colon));
    Surroundings surroundings = ContainerLifecycle.options(other).surroundings();
    return surroundings == null
        ? List.of()
        : surroundings.mounts().stream()
            .map(
                mount ->
                    mode.equals("ro")
                        ? new MountOption.Bind(
                            mount.source(), mount.destination(), true, mount.options())
                        : mount)
            .toList();
  }

  /**
   * What a container mounts, with volumes as folders.
   *
   * @param mounts folders and file systems in memory
   * @param volumes the names of its volumes
   * @param filled those that were empty
   */
  record Resolved(List<MountOption> mounts, List<String> volumes, List<Filled> filled) {}

  /**
   * A volume that was filled from an image.
   *
   * @param name its name
   * @param path where the image has what is in it
   */
  record Filled(String name, String path) {}

  /**
   * Makes and fills volumes.
   *
   * @param root the mounts of the container's root file system
   * @param made gets the names of new ones, also if this fails
   */
  Resolved make(Scope scope, List<MountOption> mounts, List<Mount> root, List<String> made) {
    VolumeFolders folders = volumes.folders(scope.namespace());
    List<MountOption> resolved = new ArrayList<>();
    List<String> names = new ArrayList<>();
    List<Filled> filled = new ArrayList<>();
    for (MountOption mount : mounts) {
      if (mount instanceof MountOption.Volume volume) {
        String name = volumes.ensure(scope, volume.name(), made);
        if (volume.copy() && volumes.fill(scope, name, root, volume.destination())) {
          filled.add(new Filled(name, volume.destination()));
        }
        names.add(name);
        resolved.add(
            new MountOption.Bind(
                folders.data(name), volume.destination(), volume.readOnly(), volume.options()));
      } else {
        if (mount instanceof MountOption.Bind bind && bind.source().startsWith(folders.parent())) {
          // Of another container: --volumes-from.
          names.add(folders.parent().relativize(bind.source()).getName(0).toString());
        }
        resolved.add(mount);
      }
    }
    return new Resolved(resolved, names, filled);
  }
}
