package org.felucca.images;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentInfo;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.images.BlobIntake.Stored;
import org.felucca.images.ImageNames.Named;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;

/**
 * The images of an archive that {@code docker save} wrote: config and layers, of which manifests
 * are made.
 */
final class DockerImages {
  private final ContentService content;
  private final Scope scope;

  DockerImages(ContentService content, Scope scope) {
    this.content = content;
    this.scope = scope;
  }

  /** The names that a manifest.json gives to images by their configs. */
  static Map<Digest, List<String>> names(ArchiveFiles files, byte[] manifest) {
    Map<Digest, List<String>> names = new LinkedHashMap<>();
    for (DockerArchiveEntry entry : DockerArchiveEntry.parse(manifest)) {
      names
          .computeIfAbsent(files.blob(entry.config()).digest(), config -> new ArrayList<>())
          .addAll(entry.repoTags().stream().map(ImageNames::normal).toList());
    }
    return names;
  }

  /** Makes manifests. */
  List<Named> images(ArchiveFiles files, byte[] manifest) {
    List<Named> images = new ArrayList<>();
    for (DockerArchiveEntry entry : DockerArchiveEntry.parse(manifest)) {
      images.add(
          new Named(
              target(files, entry), entry.repoTags().stream().map(ImageNames::normal).toList()));
    }
    return images;
  }

  private Descriptor target(ArchiveFiles files, DockerArchiveEntry entry) {
    Stored config = files.blob(entry.config());
    String what = "config " + entry.config();
    if (config.size() > ImageConfig.MAX_SIZE) {
      throw EngineException.invalid(
          "%s has %d bytes; at most %d are read"
              .formatted(what, config.size(), ImageConfig.MAX_SIZE));
    }
    ImageConfig parsed =
        ImageConfig.parse(content.read(scope, config.digest(), ImageConfig.MAX_SIZE), what);
    if (parsed.diffIds().size() != entry.layers().size()) {
      throw EngineException.invalid(
          "%s has %d diff ids for %d layers"
              .formatted(what, parsed.diffIds().size(), entry.layers().size()));
    }
    List<Descriptor> layers = new ArrayList<>();
    for (String path : entry.layers()) {
      layers.add(layer(path, files.blob(path), parsed.diffIds().get(layers.size())));
    }
    ImageManifest manifest =
        new ImageManifest(
            MediaTypes.OCI_MANIFEST,
            null,
            new Descriptor(MediaTypes.OCI_CONFIG, config.digest(), config.size()),
            layers,
            null,
            Map.of());
    byte[] bytes = manifest.bytes();
    ContentInfo info = content.put(scope, bytes, Map.of());
    return new Descriptor(MediaTypes.OCI_MANIFEST, info.digest(), bytes.length);
  }

  private Descriptor layer(String path, Stored blob, Digest diffId) {
    String mediaType = MediaTypes.OCI_LAYER;
    byte[] magic = new byte[4];
    try (BlobReader reader = content.open(scope, blob.digest())) {
      java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(magic);
      while (buffer.hasRemaining() && reader.read(buffer, buffer.position()) > 0) {
        // A read may bring less than was asked for.
      }
    }
    if (magic[0] == 0x1f && (magic[1] & 0xff) == 0x8b) {
      mediaType = MediaTypes.OCI_LAYER_GZIP;
    } else if (magic[0] == 0x28 && (magic[1] & 0xff) == 0xb5 && magic[2] == 0x2f) {
      mediaType = MediaTypes.OCI_LAYER_ZSTD;
    } else if (diffId.algorithm() == blob.digest().algorithm() && !diffId.equals(blob.digest())) {
      throw EngineException.invalid(
          "layer %s is not what the config says: it is %s where %s is expected"
              .formatted(path, blob.digest(), diffId));
    }
    return new Descriptor(mediaType, blob.digest(), blob.size());
  }
}
