package org.felucca.images;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Finds the image of a platform below a manifest or an index, nested ones too. */
@Component
public final class PlatformResolver implements ImageResolver {
  private static final int MAX_DEPTH = 4;
  private static final int MAX_DOCUMENTS = 1000;

  private final ContentService content;

  /** Over this content. */
  @Activate
  public PlatformResolver(@Reference ContentService content) {
    this.content = content;
  }

  @Override
  public ResolvedImage resolve(Scope scope, Descriptor target, Platform platform) {
    Search search = new Search(scope, platform);
    try {
      search.collect(target, null, 0);
      return search.best();
    } catch (EngineException e) {
      throw e.during("read image " + target.digest());
    }
  }

  /** A manifest that may fit. */
  private record Candidate(Descriptor descriptor, int score) {}

  /** One look-up. */
  private final class Search {
    private final Scope scope;
    private final Platform platform;
    private final List<Candidate> candidates = new ArrayList<>();
    private final Set<String> others = new TreeSet<>();
    private int documents;

    Search(Scope scope, Platform platform) {
      this.scope = scope;
      this.platform = platform;
    }

    /**
     * Walks indexes; {@code said} is the platform that the nearest descriptor above names, or null.
     */
    void collect(
        Descriptor descriptor, @org.jspecify.annotations.Nullable Platform said, int depth) {
      if (depth > MAX_DEPTH || ++documents > MAX_DOCUMENTS) {
        throw EngineException.invalid(
            "it is nested more than %d deep or has more than %d manifests"
                .formatted(MAX_DEPTH, MAX_DOCUMENTS));
      }
      Platform own = descriptor.platform() == null ? said : descriptor.platform();
      if (MediaTypes.isIndex(descriptor.mediaType())) {
        ImageIndex index = (ImageIndex) document(descriptor);
        for (Descriptor child : index.manifests()) {
          boolean isDocument =
              MediaTypes.isIndex(child.mediaType()) || MediaTypes.isManifest(child.mediaType());
          if (isDocument && child.artifactType() == null) {
            collectChild(child, own, depth);
          }
        }
      } else if (own == null) {
        // Only its config tells; it is looked at when nothing better is known.
        candidates.add(new Candidate(descriptor, 1));
      } else {
        int score = platform.accepts(own);
        if (score > 0) {
          candidates.add(new Candidate(descriptor, score + 1));
        } else if (!own.os().equals("unknown")) {
          others.add(own.toString());
        }
      }
    }

    private void collectChild(
        Descriptor child, @org.jspecify.annotations.Nullable Platform said, int depth) {
      try {
        collect(child, said, depth + 1);
      } catch (EngineException e) {
        // Of an index, only what was wanted may have been fetched.
        if (e.kind() != ErrorKind.NOT_FOUND) {
          throw e;
        }
      }
    }

    ResolvedImage best() {
      candidates.sort(Comparator.comparingInt(Candidate::score).reversed());
      EngineException missing = null;
      for (Candidate candidate : candidates) {
        try {
          ResolvedImage image = read(candidate.descriptor());
          if (candidate.descriptor().platform() != null || platform.accepts(image.platform()) > 0) {
            return image;
          }
          others.add(image.platform().toString());
        } catch (EngineException e) {
          if (e.kind() != ErrorKind.NOT_FOUND) {
            throw e;
          }
          missing = missing == null ? e : missing;
        }
      }
      if (missing != null) {
        throw missing;
      }
      throw EngineException.precondition(
          others.isEmpty()
              ? "it holds no image for %s, only artifacts".formatted(platform)
              : "it is not for %s but for %s; choose one of these or another image"
                  .formatted(platform, String.join(", ", others)));
    }

    private ResolvedImage read(Descriptor descriptor) {
      byte[] document = bytes(descriptor, ImageDocument.MAX_SIZE);
      ImageManifest manifest = (ImageManifest) document(descriptor, document);
      if (!manifest.isImage()) {
        throw EngineException.invalid(
            "it is an artifact (config of media type %s), not an image that can be run"
                .formatted(manifest.config().mediaType()));
      }
      byte[] json = bytes(manifest.config(), ImageConfig.MAX_SIZE);
      ImageConfig config = ImageConfig.parse(json, "config " + manifest.config().digest());
      for (Descriptor layer : manifest.layers()) {
        if (!MediaTypes.isLayer(layer.mediaType())) {
          throw EngineException.invalid(
              "layer %s is of media type %s, which can't be laid out"
                  .formatted(layer.digest(), org.felucca.api.Identifiers.quote(layer.mediaType())));
        }
      }
      if (config.diffIds().size() != manifest.layers().size()) {
        throw EngineException.invalid(
            "config %s has %d diff ids for %d layers"
                .formatted(
                    manifest.config().digest(), config.diffIds().size(), manifest.layers().size()));
      }
      return new ResolvedImage(
          descriptor,
          document,
          manifest.config(),
          json,
          config.platform(),
          manifest.layers(),
          config.diffIds());
    }

    private ImageDocument document(Descriptor descriptor) {
      return document(descriptor, bytes(descriptor, ImageDocument.MAX_SIZE));
    }

    private static ImageDocument document(Descriptor descriptor, byte[] bytes) {
      return ImageDocument.parse(bytes, descriptor.mediaType(), descriptor.digest().toString());
    }

    private byte[] bytes(Descriptor descriptor, int most) {
      if (descriptor.size() > most) {
        throw EngineException.invalid(
            "%s is said to have %d bytes; at most %d are read"
                .formatted(descriptor.digest(), descriptor.size(), most));
      }
      byte[] bytes = content.read(scope, descriptor.digest(), most);
      if (bytes.length != descriptor.size()) {
        throw EngineException.invalid(
            "%s has %d bytes where %d are said"
                .formatted(descriptor.digest(), bytes.length, descriptor.size()));
      }
      Digest.Algorithm algorithm = descriptor.digest().algorithm();
      Digest actual = Digest.of(algorithm, algorithm.newMessageDigest().digest(bytes));
      if (!actual.equals(descriptor.digest())) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "%s is damaged on the disk; remove the image and pull or import it again"
                .formatted(descriptor.digest()));
      }
      return bytes;
    }
  }
}
