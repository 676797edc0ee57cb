package org.felucca.engine;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.CommitOptions;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.content.LabelledIngest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.LayerService;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImageStore;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;

/** Makes images of containers: the image that one was made from, and a layer over it. */
final class Commits {
  private static final Logger LOG = Logger.getLogger(Commits.class.getName());
  private static final String REFERENCE = "containerd.io/gc.ref.content.";

  private final ImageService images;
  private final ImageStore names;
  private final ContentService content;
  private final LayerService layers;
  private final CommitPauses pauses;
  private final ContainerTrees trees;
  private final WorkLeases leases;

  Commits(
      ImageService images,
      ImageStore names,
      ContentService content,
      LayerService layers,
      CommitPauses pauses,
      ContainerTrees trees,
      WorkLeases leases) {
    this.images = images;
    this.names = names;
    this.content = content;
    this.layers = layers;
    this.pauses = pauses;
    this.trees = trees;
    this.leases = leases;
  }

  Image commit(Scope scope, ContainerRecord container, CommitOptions options, Progress progress) {
    String mediaType =
        switch (options.compression()) {
          case "gzip" -> MediaTypes.OCI_LAYER_GZIP;
          case "zstd" -> MediaTypes.OCI_LAYER_ZSTD;
          case "none" -> MediaTypes.OCI_LAYER;
          default ->
              throw EngineException.invalid(
                  "--compression %s must be gzip, zstd or none"
                      .formatted(Identifiers.quote(options.compression())));
        };
    String name = options.name();
    ImageReference reference = name == null ? null : ImageReference.parse(name);
    if (reference != null && reference.digest() != null) {
      throw EngineException.invalid(
          "%s has a digest, which only the new image's content can have".formatted(name));
    }
    ResolvedImage base = base(scope, container);
    JsonObject config = Json.object(base.configJson(), "image config").copy();
    CommitChanges.apply(options.changes(), config.objectOrNew("config"));
    return leases.with(
        scope,
        leased -> {
          progress.report(container.name(), "comparing", 0, 0);
          Layer layer = layer(leased, container, options.pause(), mediaType);
          complete(config, container, options, layer.diffId());
          Descriptor manifest = manifest(leased, base, config.bytes(), layer.blob());
          progress.report(container.name(), "done", 1, 1);
          return named(leased, reference, manifest);
        });
  }

  /**
   * The image whose layers lie below the container: not that of its image's name, if the name was
   * given to another one since.
   */
  private ResolvedImage base(Scope scope, ContainerRecord container) {
    String parent = trees.parent(scope, container);
    List<Image> candidates = new ArrayList<>();
    List<Image> all = images.list(scope, List.of());
    all.stream().filter(image -> image.name().equals(container.image())).forEach(candidates::add);
    candidates.addAll(all);
    for (Image image : candidates) {
      try {
        ResolvedImage resolved = images.resolve(scope, image, Platform.host());
        List<Digest> chain = resolved.chainIds();
        if (!chain.isEmpty() && chain.getLast().toString().equals(parent)) {
          return resolved;
        }
      } catch (EngineException e) {
        LOG.log(Level.FINE, "image passed over name=" + image.name(), e);
      }
    }
    throw EngineException.precondition(
        "the image %s that container %s was made from is not here any more; import it again"
            .formatted(container.image(), container.name()));
  }

  private record Layer(Descriptor blob, Digest diffId) {}

  private Layer layer(Scope scope, ContainerRecord container, boolean pause, String mediaType) {
    return trees.base(
        scope,
        container,
        lower -> {
          boolean paused = pause && pauses.begin(scope, container.id());
          try {
            return write(scope, lower, trees.root(scope, container), mediaType);
          } finally {
            if (paused) {
              pauses.end(scope, container.id());
            }
          }
        });
  }

  private Layer write(Scope scope, List<Mount> lower, List<Mount> upper, String mediaType) {
    String ref = "commit-" + UUID.randomUUID();
    boolean done = false;
    try (LabelledIngest ingest = content.ingest(scope, ref, 0, null)) {
      AppliedLayer layer =
          layers.compare(
              lower,
              upper,
              mediaType,
              new OutputStream() {
                @Override
                public void write(int b) {
                  write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int offset, int length) {
                  ingest.write(ByteBuffer.wrap(bytes, offset, length));
                }
              });
      Digest digest = ingest.digest();
      long size = ingest.status().offset();
      try {
        ingest.commit(
            size, digest, Map.of(LayerService.UNCOMPRESSED_LABEL, layer.diffId().toString()));
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          throw e;
        }
      }
      done = true;
      return new Layer(new Descriptor(mediaType, digest, size), layer.diffId());
    } finally {
      if (!done) {
        drop(scope, ref);
      }
    }
  }

  private void drop(Scope scope, String ref) {
    boolean interrupted = Thread.interrupted();
    try {
      content.abort(scope, ref);
    } catch (EngineException e) {
      LOG.log(Level.FINE, "ingest gone already ref=" + ref, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void complete(
      JsonObject config, ContainerRecord container, CommitOptions options, Digest diffId) {
    String now = Instant.now().truncatedTo(ChronoUnit.MICROS).toString();
    config.put("created", now);
    if (!options.author().isEmpty()) {
      config.put("author", options.author());
    }
    config.requiredObject("rootfs").add("diff_ids", diffId.toString());
    Map<String, Object> step = new LinkedHashMap<>();
    step.put("created", now);
    step.put("created_by", "felucca commit " + container.name());
    if (!options.author().isEmpty()) {
      step.put("author", options.author());
    }
    if (!options.message().isEmpty()) {
      step.put("comment", options.message());
    }
    config.add("history", step);
  }

  /** An OCI manifest over the old layers, which stay as they came, and the new one. */
  private Descriptor manifest(
      Scope scope, ResolvedImage base, byte[] configJson, Descriptor layer) {
    Descriptor config =
        new Descriptor(
            MediaTypes.OCI_CONFIG,
            content.put(scope, configJson, Map.of()).digest(),
            configJson.length);
    JsonObject manifest = JsonObject.create("manifest");
    manifest.put("schemaVersion", 2L);
    manifest.put("mediaType", MediaTypes.OCI_MANIFEST);
    manifest.put("config", json(config));
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put(REFERENCE + "config", config.digest().toString());
    List<Descriptor> all = new ArrayList<>(base.layers());
    all.add(layer);
    for (int i = 0; i < all.size(); i++) {
      manifest.add("layers", json(all.get(i)));
      labels.put(REFERENCE + "l." + i, all.get(i).digest().toString());
    }
    byte[] bytes = manifest.bytes();
    return new Descriptor(
        MediaTypes.OCI_MANIFEST, content.put(scope, bytes, labels).digest(), bytes.length);
  }

  private static Map<String, Object> json(Descriptor descriptor) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("mediaType", ociType(descriptor.mediaType()));
    json.put("digest", descriptor.digest().toString());
    json.put("size", descriptor.size());
    return json;
  }

  /** The same layers under the names that an OCI manifest has for them. */
  private static String ociType(String mediaType) {
    return switch (mediaType) {
      case MediaTypes.DOCKER_LAYER -> MediaTypes.OCI_LAYER;
      case MediaTypes.DOCKER_LAYER_GZIP -> MediaTypes.OCI_LAYER_GZIP;
      case MediaTypes.DOCKER_LAYER_ZSTD -> MediaTypes.OCI_LAYER_ZSTD;
      default -> mediaType;
    };
  }

  private Image named(Scope scope, @Nullable ImageReference reference, Descriptor manifest) {
    String name = Objects.requireNonNullElse(reference, manifest.digest()).toString();
    try {
      return names.create(scope, name, manifest, Map.of());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      return names.update(scope, name, manifest, Map.of(), Set.of());
    }
  }
}
