package org.felucca.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.ImageStore;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.felucca.oci.OciLayout;
import org.jspecify.annotations.Nullable;

/** One export: what belongs to the images is found first, then written in an order of its own. */
final class ImageExport {
  private static final int MAX_DEPTH = 4;

  private final ContentService content;
  private final ImageStore images;
  private final ImageResolver resolver;
  private final Scope scope;
  private final Progress progress;
  private final Map<Digest, Long> blobs = new TreeMap<>();
  private final Map<String, DockerArchiveEntry> docker = new LinkedHashMap<>();
  private final List<Descriptor> index = new ArrayList<>();

  ImageExport(
      ContentService content,
      ImageStore images,
      ImageResolver resolver,
      Scope scope,
      Progress progress) {
    this.content = content;
    this.images = images;
    this.resolver = resolver;
    this.scope = scope;
    this.progress = progress;
  }

  void write(List<String> names, @Nullable Platform platform, OutputStream archive)
      throws IOException {
    if (names.isEmpty()) {
      throw EngineException.invalid("no image is named to be exported; give at least one");
    }
    for (String name : names) {
      add(images.get(scope, name), platform);
    }
    TarOutput tar = new TarOutput(archive);
    tar.folder(OciLayout.BLOBS);
    TreeSet<String> algorithms = new TreeSet<>();
    blobs.keySet().forEach(digest -> algorithms.add(digest.algorithm().id()));
    for (String algorithm : algorithms) {
      tar.folder(OciLayout.BLOBS + "/" + algorithm);
    }
    for (Map.Entry<Digest, Long> blob : blobs.entrySet()) {
      copy(blob.getKey(), blob.getValue(), tar);
    }
    tar.file(OciLayout.INDEX, ImageIndex.of(index).bytes());
    if (!docker.isEmpty()) {
      tar.file(DockerArchiveEntry.MANIFEST, DockerArchiveEntry.bytes(List.copyOf(docker.values())));
    }
    tar.file(OciLayout.MARKER, OciLayout.marker());
    tar.finish();
  }

  private void add(Image image, @Nullable Platform platform) {
    Descriptor target = image.target();
    if (platform != null) {
      target = resolver.resolve(scope, target, platform).manifest();
    }
    if (!collect(target, 0)) {
      throw EngineException.notFound(
          "image %s has no platform whose blobs are all here; pull or import it again"
              .formatted(image.name()));
    }
    Map<String, String> annotations = new TreeMap<>();
    String familiar = null;
    try {
      ImageReference reference = ImageReference.parse(image.name());
      annotations.put(OciLayout.CONTAINERD_NAME, image.name());
      annotations.put(
          OciLayout.REF_NAME,
          reference.tag() == null ? String.valueOf(reference.digest()) : reference.tag());
      familiar = reference.tag() == null ? null : reference.familiar();
    } catch (EngineException e) {
      // Named by its digest or by another program: it leaves without a name.
      familiar = null;
    }
    index.add(target.withAnnotations(annotations));
    addDocker(target, platform == null ? Platform.host() : platform, familiar);
  }

  /** docker load knows one platform of each image. */
  private void addDocker(Descriptor target, Platform platform, @Nullable String tag) {
    ResolvedImage resolved;
    try {
      resolved = resolver.resolve(scope, target, platform);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND
          || e.kind() == ErrorKind.FAILED_PRECONDITION
          || e.kind() == ErrorKind.INVALID_ARGUMENT) {
        return;
      }
      throw e;
    }
    String config = OciLayout.blobPath(resolved.config().digest());
    List<String> layers =
        resolved.layers().stream().map(layer -> OciLayout.blobPath(layer.digest())).toList();
    List<String> tags = new ArrayList<>();
    DockerArchiveEntry before = docker.get(config);
    if (before != null) {
      tags.addAll(before.repoTags());
    }
    if (tag != null && !tags.contains(tag)) {
      tags.add(tag);
    }
    docker.put(config, new DockerArchiveEntry(config, tags, layers));
  }

  /** Notes the blobs of what is here whole; answers whether that is anything. */
  private boolean collect(Descriptor descriptor, int depth) {
    if (depth > MAX_DEPTH) {
      throw EngineException.invalid("image %s is nested too deeply".formatted(descriptor.digest()));
    }
    long size = size(descriptor);
    if (size < 0) {
      return false;
    }
    ImageDocument document =
        ImageDocument.parse(
            content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE),
            descriptor.mediaType(),
            descriptor.digest().toString());
    boolean whole;
    switch (document) {
      case ImageIndex list -> {
        whole = list.manifests().isEmpty();
        for (Descriptor child : list.manifests()) {
          boolean isDocument =
              MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType());
          whole |= isDocument ? collect(child, depth + 1) : note(List.of(child));
        }
      }
      case ImageManifest manifest -> whole = note(manifest.children());
    }
    if (whole) {
      blobs.put(descriptor.digest(), size);
    }
    return whole;
  }

  private boolean note(List<Descriptor> children) {
    Map<Digest, Long> sizes = new TreeMap<>();
    for (Descriptor child : children) {
      long size = size(child);
      if (size >= 0) {
        sizes.put(child.digest(), size);
      } else if (!MediaTypes.isForeignLayer(child.mediaType())) {
        return false;
      }
    }
    blobs.putAll(sizes);
    return true;
  }

  private long size(Descriptor descriptor) {
    try {
      return content.info(scope, descriptor.digest()).size();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return -1;
      }
      throw e;
    }
  }

  private void copy(Digest digest, long size, TarOutput tar) throws IOException {
    byte[] buffer = new byte[256 << 10];
    long done = 0;
    try (BlobReader reader = content.open(scope, digest);
        InputStream in = reader.stream(0)) {
      tar.file(OciLayout.blobPath(digest), size);
      int read;
      while ((read = in.read(buffer)) >= 0) {
        if (Thread.currentThread().isInterrupted()) {
          throw EngineException.cancelled("export " + digest + ": interrupted");
        }
        tar.write(buffer, read);
        done += read;
        progress.report(digest.toString(), "exporting", done, size);
      }
    }
    progress.report(digest.toString(), "done", size, size);
  }
}
