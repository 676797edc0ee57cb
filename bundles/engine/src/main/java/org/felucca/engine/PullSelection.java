package org.felucca.engine;

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
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.Platform;
import org.felucca.api.registry.PullOptions;
import org.felucca.api.registry.RegistryClient;
import org.felucca.oci.DocumentLabels;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;

/** What of an image is wanted: fetches its manifests and indexes, and chooses among them. */
final class PullSelection {
  private static final int MAX_DEPTH = 4;
  private static final int MAX_DOCUMENTS = 1000;

  private record Candidate(Descriptor descriptor, @Nullable Platform platform) {}

  private final ContentService content;
  private final RegistryClient registry;
  private final BlobFetcher fetcher;
  private final Scope scope;
  private final ImageReference from;
  private final PullOptions options;
  private final Map<Digest, ImageDocument> documents = new HashMap<>();
  private final Map<Digest, ImageManifest> manifests = new LinkedHashMap<>();
  private final List<Descriptor> others = new ArrayList<>();
  private final List<Candidate> candidates = new ArrayList<>();
  private final Set<String> offered = new TreeSet<>();

  PullSelection(
      ContentService content,
      RegistryClient registry,
      BlobFetcher fetcher,
      Scope scope,
      ImageReference from,
      PullOptions options) {
    this.content = content;
    this.registry = registry;
    this.fetcher = fetcher;
    this.scope = scope;
    this.from = from;
    this.options = options;
  }

  /**
   * Chooses.
   *
   * @throws EngineException FAILED_PRECONDITION if an index has nothing for a wanted platform
   */
  void of(Descriptor target) {
    switch (document(target)) {
      case ImageManifest manifest -> manifests.put(target.digest(), manifest);
      case ImageIndex index -> {
        walk(target, index, null, 0);
        if (!options.allPlatforms()) {
          List<Platform> wanted =
              options.platforms().isEmpty() ? List.of(Platform.host()) : options.platforms();
          wanted.forEach(this::choose);
        }
      }
    }
  }

  /** The chosen manifests by their digests, in order. */
  Map<Digest, ImageManifest> manifests() {
    return manifests;
  }

  /** What an index names that is neither manifest nor index. */
  List<Descriptor> others() {
    return others;
  }

  private void walk(Descriptor self, ImageIndex index, @Nullable Platform said, int depth) {
    if (depth >= MAX_DEPTH) {
      throw EngineException.invalid(
          "index %s is nested more than %d deep".formatted(self.digest(), MAX_DEPTH));
    }
    for (Descriptor child : index.manifests()) {
      Platform platform = child.platform() == null ? said : child.platform();
      if (MediaTypes.isIndex(child.mediaType())) {
        if (!documents.containsKey(child.digest()) && document(child) instanceof ImageIndex inner) {
          walk(child, inner, platform, depth + 1);
        }
      } else if (!MediaTypes.isManifest(child.mediaType())) {
        if (options.allPlatforms()) {
          others.add(child);
        }
      } else if (options.allPlatforms()) {
        manifests.put(child.digest(), (ImageManifest) document(child));
      } else if (child.artifactType() == null
          && (platform == null || !platform.os().equals("unknown"))) {
        candidates.add(new Candidate(child, platform));
        if (platform != null) {
          offered.add(platform.toString());
        }
      }
    }
  }

  private void choose(Platform wanted) {
    Candidate best = null;
    int score = 0;
    for (Candidate candidate : candidates) {
      Platform platform = candidate.platform();
      int fits = platform == null ? 0 : wanted.accepts(platform);
      if (fits > score) {
        best = candidate;
        score = fits;
      }
    }
    for (Candidate candidate : best == null ? candidates : List.<Candidate>of()) {
      if (candidate.platform() == null && fits(candidate.descriptor(), wanted)) {
        best = candidate;
        break;
      }
    }
    if (best == null) {
      throw EngineException.precondition(
          offered.isEmpty()
              ? "it holds no image for %s".formatted(wanted)
              : "it is not for %s but for %s; choose one of these by --platform"
                  .formatted(wanted, String.join(", ", offered)));
    }
    Descriptor chosen = best.descriptor();
    manifests.put(chosen.digest(), (ImageManifest) document(chosen));
  }

  /** Whether the config of a manifest says so of which its index says nothing. */
  private boolean fits(Descriptor descriptor, Platform wanted) {
    ImageManifest manifest = (ImageManifest) document(descriptor);
    if (!manifest.isImage()) {
      return false;
    }
    Descriptor config = manifest.config();
    fetcher.fetch(
        scope,
        from,
        config,
        options.access(),
        new GrowingBlob(config),
        org.felucca.api.Progress.NONE);
    String what = "config " + config.digest();
    Platform platform =
        ImageConfig.parse(content.read(scope, config.digest(), ImageConfig.MAX_SIZE), what)
            .platform();
    offered.add(platform.toString());
    return wanted.accepts(platform) > 0;
  }

  /** Reads a document, from the content store if it is there. */
  private ImageDocument document(Descriptor descriptor) {
    ImageDocument known = documents.get(descriptor.digest());
    if (known != null) {
      return known;
    }
    if (documents.size() >= MAX_DOCUMENTS) {
      throw EngineException.invalid(
          "the image has more than %d manifests".formatted(MAX_DOCUMENTS));
    }
    long stored = fetcher.stored(scope, descriptor.digest());
    byte[] bytes =
        stored >= 0 && stored <= ImageDocument.MAX_SIZE
            ? content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE)
            : registry.manifest(from, descriptor, options.access());
    String what =
        (MediaTypes.isIndex(descriptor.mediaType()) ? "index " : "manifest ") + descriptor.digest();
    ImageDocument document = ImageDocument.parse(bytes, descriptor.mediaType(), what);
    fetcher.keep(scope, from, descriptor, bytes, DocumentLabels.of(document));
    documents.put(descriptor.digest(), document);
    return document;
  }
}
