package org.felucca.images;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.felucca.oci.OciLayout;

/** Makes archives, whole and broken ones. */
final class TestArchive {
  final Map<String, byte[]> files = new LinkedHashMap<>();
  final List<Descriptor> index = new ArrayList<>();

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** A layer: a tar with one file. */
  static byte[] layer(String name, String text) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      TarOutput tar = new TarOutput(out);
      tar.file(name, utf8(text));
      tar.finish();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] config(String architecture, byte[]... layers) {
    StringBuilder diffIds = new StringBuilder();
    for (byte[] layer : layers) {
      diffIds
          .append(diffIds.isEmpty() ? "" : ",")
          .append('"')
          .append(Digest.sha256(layer))
          .append('"');
    }
    return utf8(
        "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"],\"Labels\":{\"containerd.io/gc.root\":\"1\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
            .formatted(architecture, diffIds));
  }

  Descriptor blob(String mediaType, byte[] bytes) {
    Digest digest = Digest.sha256(bytes);
    files.put(OciLayout.blobPath(digest), bytes);
    return new Descriptor(mediaType, digest, bytes.length);
  }

  /** An image of plain layers. */
  Descriptor image(String architecture, byte[]... layers) {
    Descriptor config = blob(MediaTypes.OCI_CONFIG, config(architecture, layers));
    List<Descriptor> descriptors = new ArrayList<>();
    for (byte[] layer : layers) {
      descriptors.add(blob(MediaTypes.OCI_LAYER, layer));
    }
    return blob(
        MediaTypes.OCI_MANIFEST,
        new ImageManifest(MediaTypes.OCI_MANIFEST, null, config, descriptors, null, Map.of())
            .bytes());
  }

  static Descriptor on(Descriptor descriptor, String platform) {
    return new Descriptor(
        descriptor.mediaType(),
        descriptor.digest(),
        descriptor.size(),
        descriptor.annotations(),
        Platform.parse(platform),
        null,
        List.of());
  }

  Descriptor index(Descriptor... manifests) {
    return blob(MediaTypes.OCI_INDEX, ImageIndex.of(List.of(manifests)).bytes());
  }

  TestArchive add(Descriptor target, String name) {
    index.add(
        name == null ? target : target.withAnnotations(Map.of(OciLayout.CONTAINERD_NAME, name)));
    return this;
  }

  /** The layout as a tar; the index last, as a stream may bring it. */
  byte[] layout() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put(OciLayout.MARKER, OciLayout.marker());
    all.putAll(files);
    all.put(OciLayout.INDEX, ImageIndex.of(index).bytes());
    return tar(all);
  }

  /** An archive as docker save of old wrote it, of one image. */
  static byte[] docker(String tag, byte[] config, byte[]... layers) {
    Map<String, byte[]> all = new LinkedHashMap<>();
    List<String> paths = new ArrayList<>();
    for (byte[] layer : layers) {
      String id = Digest.sha256(utf8("id" + Digest.sha256(layer))).hex();
      all.put(id + "/VERSION", utf8("1.0"));
      all.put(id + "/json", utf8("{}"));
      all.put(id + "/layer.tar", layer);
      paths.add(id + "/layer.tar");
    }
    String configPath = Digest.sha256(config).hex() + ".json";
    all.put(configPath, config);
    all.put(
        DockerArchiveEntry.MANIFEST,
        DockerArchiveEntry.bytes(List.of(new DockerArchiveEntry(configPath, List.of(tag), paths))));
    all.put("repositories", utf8("{}"));
    return tar(all);
  }

  static byte[] tar(Map<String, byte[]> files) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      TarOutput tar = new TarOutput(out);
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        tar.file(file.getKey(), file.getValue());
      }
      tar.finish();
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
