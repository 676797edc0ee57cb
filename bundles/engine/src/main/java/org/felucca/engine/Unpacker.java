package org.felucca.engine;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.LayerService;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;

/**
 * Makes committed snapshots of an image's layers, named by their chain ids as containerd names
 * them.
 */
final class Unpacker {
  private static final Logger LOG = Logger.getLogger(Unpacker.class.getName());

  /** The label by which a snapshotter or a client knows what a snapshot is of. */
  private static final String SNAPSHOT_REF = "containerd.io/snapshot.ref";

  private record Chain(Namespace namespace, String snapshotter, Digest chainId) {
    @Override
    public String toString() {
      return "layer " + chainId;
    }
  }

  /** Where the bytes of layers come from. */
  interface Source {
    /** A layer's bytes, perhaps while they still arrive. */
    InputStream open(Descriptor layer);

    /** Waits until a layer whose bytes were read is stored and verified. */
    void settle(Descriptor layer);
  }

  /** Layers that are stored. */
  private final class Stored implements Source {
    private final Scope scope;

    Stored(Scope scope) {
      this.scope = scope;
    }

    @Override
    public InputStream open(Descriptor layer) {
      return stored(content, scope, layer);
    }

    @Override
    public void settle(Descriptor layer) {}
  }

  /** The bytes of a stored blob, which is let go when they are closed. */
  static InputStream stored(ContentService content, Scope scope, Descriptor blob) {
    BlobReader reader = content.open(scope, blob.digest());
    return new FilterInputStream(reader.stream(0)) {
      @Override
      public void close() throws IOException {
        try (reader) {
          super.close();
        }
      }
    };
  }

  private final ContentService content;
  private final SnapshotService snapshots;
  private final LayerService layers;
  private final KeyedLocks<Chain> locks = new KeyedLocks<>();

  Unpacker(ContentService content, SnapshotService snapshots, LayerService layers) {
    this.content = content;
    this.snapshots = snapshots;
    this.layers = layers;
  }

  /** The name of the topmost snapshot if it is there already, else null. */
  @Nullable Digest unpacked(Scope scope, ResolvedImage image, String snapshotter) {
    List<Digest> chainIds = image.chainIds();
    return !chainIds.isEmpty() && exists(scope, snapshotter, chainIds.getLast())
        ? chainIds.getLast()
        : null;
  }

  Digest unpack(Scope scope, ResolvedImage image, String snapshotter, Progress progress) {
    return unpack(scope, image, snapshotter, new Stored(scope), progress);
  }

  /** As the other, with layers from somewhere else. */
  Digest unpack(
      Scope scope, ResolvedImage image, String snapshotter, Source source, Progress progress) {
    List<Digest> chainIds = image.chainIds();
    if (chainIds.isEmpty()) {
      throw EngineException.precondition(
          "image config "
              + image.config().digest()
              + " names no layers, so nothing can run from it");
    }
    @Nullable Digest parent = null;
    for (int i = 0; i < chainIds.size(); i++) {
      Digest chainId = chainIds.get(i);
      Chain chain = new Chain(scope.namespace(), snapshotter, chainId);
      if (!exists(scope, snapshotter, chainId)) {
        try (KeyedLocks.Held _ = locks.lock(chain)) {
          if (!exists(scope, snapshotter, chainId)) {
            layer(
                scope,
                chain,
                parent,
                image.layers().get(i),
                image.diffIds().get(i),
                source,
                progress);
          }
        }
      }
      parent = chainId;
    }
    image.layers().forEach(source::settle);
    Digest top = chainIds.getLast();
    String edge = "containerd.io/gc.ref.snapshot." + snapshotter;
    if (!top.toString().equals(content.info(scope, image.config().digest()).labels().get(edge))) {
      content.update(
          scope, image.config().digest(), Map.of(edge, top.toString()), Set.of("labels." + edge));
    }
    return top;
  }

  private boolean exists(Scope scope, String snapshotter, Digest chainId) {
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

  private void layer(
      Scope scope,
      Chain chain,
      @Nullable Digest parent,
      Descriptor layer,
      Digest diffId,
      Source source,
      Progress progress) {
    String key = "extract-" + UUID.randomUUID() + " " + chain.chainId();
    Map<String, String> labels = new HashMap<>();
    labels.put(SNAPSHOT_REF, chain.chainId().toString());
    List<Mount> mounts;
    try {
      mounts =
          snapshots.prepare(
              scope.withDurability(Durability.ENGINE_CRASH),
              chain.snapshotter(),
              key,
              parent == null ? null : parent.toString(),
              labels);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.ALREADY_EXISTS) {
        return; // a remote snapshotter brought it
      }
      throw e.during("prepare a snapshot for layer " + layer.digest());
    }
    try {
      AppliedLayer applied;
      try (InputStream stream = source.open(layer)) {
        applied =
            layers.apply(stream, layer.mediaType(), mounts, layer.digest().toString(), progress);
      } catch (IOException e) {
        throw EngineException.internal("read layer " + layer.digest() + ": " + e.getMessage(), e);
      }
      if (!applied.diffId().equals(diffId)) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "its contents have the digest %s, the image config says %s; get the image again from a source that you trust"
                .formatted(applied.diffId(), diffId));
      }
      source.settle(layer);
      snapshots.commit(scope, chain.snapshotter(), chain.chainId().toString(), key, labels);
    } catch (EngineException e) {
      drop(scope, chain.snapshotter(), key);
      if (e.kind() == ErrorKind.ALREADY_EXISTS) {
        return; // another client was faster
      }
      throw e.during("unpack layer " + layer.digest());
    } catch (RuntimeException e) {
      drop(scope, chain.snapshotter(), key);
      throw e;
    }
    content.update(
        scope,
        layer.digest(),
        Map.of(LayerService.UNCOMPRESSED_LABEL, diffId.toString()),
        Set.of("labels." + LayerService.UNCOMPRESSED_LABEL));
  }

  private void drop(Scope scope, String snapshotter, String key) {
    boolean interrupted = Thread.interrupted();
    try {
      snapshots.remove(scope, snapshotter, key);
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "half-made snapshot not removed key=" + key, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
