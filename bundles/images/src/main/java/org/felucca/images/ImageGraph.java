package org.felucca.images;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.oci.DocumentLabels;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;

/**
 * Walks images from their targets down, checks that all is there and fits together, and then labels
 * each blob with those that it names, as containerd does, for the garbage collector.
 */
final class ImageGraph {
  private static final int MAX_DEPTH = 4;
  private static final int MAX_DOCUMENTS = 10_000;

  /**
   * A document under the type that it is read as: the same bytes as another type are another
   * document.
   */
  private record Node(Digest digest, String mediaType) {}

  private final ContentService content;
  private final Scope scope;
  private final BlobSource source;
  private final Map<Node, Boolean> complete = new HashMap<>();
  private final Map<Digest, Map<String, String>> labels = new LinkedHashMap<>();
  private final List<Digest> missing = new ArrayList<>();

  ImageGraph(ContentService content, Scope scope, BlobSource source) {
    this.content = content;
    this.scope = scope;
    this.source = source;
  }

  /**
   * Checks an image.
   *
   * @throws EngineException INVALID_ARGUMENT if it is malformed or a part of it is missing; of an
   *     index at least one image must be there whole
   */
  void check(Descriptor target) {
    if (!walk(target, 0)) {
      throw EngineException.invalid(
          "the archive is not whole: it lacks blob %s of image %s; make or fetch it again"
              .formatted(missing.getLast(), target.digest()));
    }
  }

  /** Gives every checked document its labels; to be called when all is well. */
  void label() {
    labels.forEach(
        (digest, wanted) -> {
          Set<String> paths = new TreeSet<>();
          wanted.keySet().forEach(key -> paths.add("labels." + key));
          content.update(scope, digest, wanted, paths);
        });
  }

  private boolean walk(Descriptor descriptor, int depth) {
    if (depth > MAX_DEPTH) {
      throw EngineException.invalid(
          "the image is nested more than %d indexes deep".formatted(MAX_DEPTH));
    }
    Node node = new Node(descriptor.digest(), descriptor.mediaType());
    Boolean known = complete.get(node);
    if (known != null) {
      return known;
    }
    if (complete.size() >= MAX_DOCUMENTS) {
      throw EngineException.invalid(
          "the image has more than %d manifests".formatted(MAX_DOCUMENTS));
    }
    boolean whole = document(descriptor, depth);
    complete.put(node, whole);
    return whole;
  }

  private boolean document(Descriptor descriptor, int depth) {
    if (!isThere(descriptor)) {
      return false;
    }
    String what = descriptor.digest().toString();
    byte[] bytes = content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE);
    return switch (ImageDocument.parse(bytes, descriptor.mediaType(), what)) {
      case ImageIndex index -> index(descriptor, index, depth);
      case ImageManifest manifest -> manifest(descriptor, manifest);
    };
  }

  private boolean index(Descriptor descriptor, ImageIndex index, int depth) {
    boolean any = index.manifests().isEmpty();
    for (Descriptor child : index.manifests()) {
      any |= isDocument(child) ? walk(child, depth + 1) : isThere(child);
    }
    labels.put(descriptor.digest(), DocumentLabels.of(index));
    return any;
  }

  private boolean manifest(Descriptor descriptor, ImageManifest manifest) {
    Descriptor config = manifest.config();
    boolean whole = isThere(config);
    for (Descriptor layer : manifest.layers()) {
      whole &= isThere(layer) || MediaTypes.isForeignLayer(layer.mediaType());
    }
    if (whole && manifest.isImage()) {
      String what = "config " + config.digest();
      List<Digest> diffIds =
          ImageConfig.parse(content.read(scope, config.digest(), ImageConfig.MAX_SIZE), what)
              .diffIds();
      if (diffIds.size() != manifest.layers().size()) {
        throw EngineException.invalid(
            "%s has %d diff ids for the %d layers of its manifest"
                .formatted(what, diffIds.size(), manifest.layers().size()));
      }
    }
    labels.put(descriptor.digest(), DocumentLabels.of(manifest));
    return whole;
  }

  private boolean isThere(Descriptor descriptor) {
    long size = source.bring(descriptor);
    if (size >= 0 && size != descriptor.size()) {
      throw EngineException.invalid(
          "blob %s has %d bytes where %d are said"
              .formatted(descriptor.digest(), size, descriptor.size()));
    }
    if (size < 0) {
      missing.add(descriptor.digest());
    }
    return size >= 0;
  }

  private static boolean isDocument(Descriptor descriptor) {
    return MediaTypes.isManifest(descriptor.mediaType())
        || MediaTypes.isIndex(descriptor.mediaType());
  }
}
