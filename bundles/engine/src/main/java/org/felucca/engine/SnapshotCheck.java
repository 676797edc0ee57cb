package org.felucca.engine;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.LayerService;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageCheck.Problem;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;

/**
 * Compares what lies unpacked of an image with its layers: they are laid out once more, one over
 * the other into a single folder, and the two trees must be the same.
 */
final class SnapshotCheck {
  private static final int MOST_DIFFERENCES = 5;

  private final ContentService content;
  private final ImageResolver resolver;
  private final SnapshotService snapshots;
  private final LayerService layers;
  private final ContainerStore containers;
  private final WorkLeases leases;
  private final Scope scope;
  private final Image image;
  private final Progress progress;

  SnapshotCheck(
      ContentService content,
      ImageResolver resolver,
      SnapshotService snapshots,
      LayerService layers,
      ContainerStore containers,
      WorkLeases leases,
      Scope scope,
      Image image,
      Progress progress) {
    this.content = content;
    this.resolver = resolver;
    this.snapshots = snapshots;
    this.layers = layers;
    this.containers = containers;
    this.leases = leases;
    this.scope = scope;
    this.image = image;
    this.progress = progress;
  }

  /**
   * Looks at every snapshotter.
   *
   * @param broken blobs that are damaged
   * @param problems where what is found goes
   * @return the snapshotters that hold it
   */
  List<String> run(Set<Digest> broken, List<Problem> problems) {
    ResolvedImage resolved;
    try {
      resolved = resolver.resolve(scope, image.target(), Platform.host());
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.CANCELLED || e.kind() == ErrorKind.UNAVAILABLE) {
        throw e;
      }
      return List.of(); // not for this machine, or told already
    }
    List<String> holding = new ArrayList<>();
    for (String snapshotter : snapshots.snapshotters()) {
      if (resolved.chainIds().isEmpty() || !isThere(snapshotter, resolved.chainIds().getLast())) {
        continue;
      }
      holding.add(snapshotter);
      boolean whole =
          resolved.layers().stream().map(Descriptor::digest).noneMatch(broken::contains);
      String wrong =
          leases.discarding(
              scope.withDurability(Durability.ENGINE_CRASH),
              leased -> compare(leased, snapshotter, resolved, whole));
      if (!wrong.isEmpty()) {
        String top = resolved.chainIds().getLast().toString();
        problems.add(
            new Problem(
                "snapshot %s of %s".formatted(top, snapshotter), wrong, remedy(snapshotter, top)));
      }
    }
    return holding;
  }

  private boolean isThere(String snapshotter, Digest chainId) {
    try {
      snapshots.stat(scope, snapshotter, chainId.toString());
      return true;
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /** What is wrong, or an empty text. */
  private String compare(
      Scope leased, String snapshotter, ResolvedImage resolved, boolean layersWhole) {
    String key = "check-" + UUID.randomUUID();
    List<Mount> kept;
    try {
      kept =
          snapshots.view(
              leased, snapshotter, key, resolved.chainIds().getLast().toString(), Map.of());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      return String.valueOf(e.getMessage());
    }
    try {
      if (!layersWhole) {
        return ""; // its layers are damaged, which is told; there is nothing to compare it with
      }
      String again = key + "-again";
      List<Mount> fresh = snapshots.prepare(leased, snapshotter, again, null, Map.of());
      try {
        for (int i = 0; i < resolved.layers().size(); i++) {
          lay(leased, resolved.layers().get(i), resolved.diffIds().get(i), fresh);
        }
        List<String> differences =
            layers.differences(kept, fresh, MOST_DIFFERENCES, image.name(), progress);
        return differences.isEmpty()
            ? ""
            : "is not what its layers say: " + String.join("; ", differences);
      } finally {
        remove(leased, snapshotter, again);
      }
    } finally {
      remove(leased, snapshotter, key);
    }
  }

  private void lay(Scope leased, Descriptor layer, Digest diffId, List<Mount> over) {
    try (BlobReader reader = content.open(leased, layer.digest());
        InputStream stream = reader.stream(0)) {
      Digest found =
          layers
              .apply(stream, layer.mediaType(), over, layer.digest().toString(), progress)
              .diffId();
      if (!found.equals(diffId)) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "layer %s has contents of the digest %s, the image config says %s"
                .formatted(layer.digest(), found, diffId));
      }
    } catch (IOException e) {
      throw EngineException.internal("read layer " + layer.digest() + ": " + e.getMessage(), e);
    }
  }

  private void remove(Scope leased, String snapshotter, String key) {
    boolean interrupted = Thread.interrupted();
    try {
      snapshots.remove(leased, snapshotter, key);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What stands on a snapshot keeps it; so that must go first. */
  private String remedy(String snapshotter, String top) {
    Map<String, @Nullable String> parents = new HashMap<>();
    for (SnapshotInfo info : snapshots.list(scope, snapshotter, List.of())) {
      parents.put(info.key(), info.parent());
    }
    Set<String> users = new TreeSet<>();
    for (ContainerRecord container : containers.listWithoutSpecs(scope, List.of())) {
      if (container.snapshotter().equals(snapshotter)) {
        for (String at = container.snapshotKey(); at != null; at = parents.get(at)) {
          if (at.equals(top)) {
            users.add(container.name());
          }
        }
      }
    }
    String again =
        "remove the image (felucca image rm --force %s) and import it again"
            .formatted(image.name());
    return users.isEmpty()
        ? again
        : "remove what stands on it (felucca rm %s), then ".formatted(String.join(" ", users))
            + again;
  }
}
