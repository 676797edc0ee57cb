package org.felucca.images;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import org.felucca.api.image.ExportOptions;
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

  void write(List<String> names, ExportOptions options, ArchiveOutput archive) throws IOException {
    if (names.isEmpty()) {
      throw EngineException.invalid("no image is named to be exported; give at least one");
    }
    List<Platform> platforms = options.platforms();
    if (options.whole() && !platforms.isEmpty()) {
      throw EngineException.invalid("all platforms and some platforms are both asked for");
    }
    if (options.format() == ExportOptions.Format.DOCKER) {
      if (options.whole() || platforms.size() > 1) {
        throw EngineException.invalid(
            "an archive as docker save writes it holds one platform of an image; name one, or export an OCI layout");
      }
      writeDocker(names, platforms.isEmpty() ? Platform.host() : platforms.getFirst(), archive);
    } else {
      writeLayout(names, options, archive);
    }
  }

  private void writeLayout(List<String> names, ExportOptions options, ArchiveOutput archive)
      throws IOException {
    for (String name : names) {
      add(images.get(scope, name), options);
    }
    archive.folder(OciLayout.BLOBS);
    TreeSet<String> algorithms = new TreeSet<>();
    blobs.keySet().forEach(digest -> algorithms.add(digest.algorithm().id()));
    for (String algorithm : algorithms) {
      archive.folder(OciLayout.BLOBS + "/" + algorithm);
    }
    for (Map.Entry<Digest, Long> blob : blobs.entrySet()) {
      copy(blob.getKey(), OciLayout.blobPath(blob.getKey()), blob.getValue(), archive);
    }
    archive.file(OciLayout.INDEX, ImageIndex.of(index).bytes());
    if (!docker.isEmpty()) {
      archive.file(
          DockerArchiveEntry.MANIFEST, DockerArchiveEntry.bytes(List.copyOf(docker.values())));
    }
    archive.file(OciLayout.MARKER, OciLayout.marker());
    archive.finish();
  }

  /** As docker save wrote it: the blobs lie at the top, under names of their own. */
  private void writeDocker(List<String> names, Platform platform, ArchiveOutput archive)
      throws IOException {
    Map<String, Descriptor> files = new TreeMap<>();
    for (String name : names) {
      Image image = images.get(scope, name);
      ResolvedImage resolved;
      try {
        resolved = resolver.resolve(scope, image.target(), platform);
      } catch (EngineException e) {
        throw e.during("image " + image.name());
      }
      String config = resolved.config().digest().hex() + ".json";
      files.put(config, resolved.config());
      List<String> layers = new ArrayList<>();
      for (Descriptor layer : resolved.layers()) {
        String file = layer.digest().hex() + ".tar";
        files.put(file, layer);
        layers.add(file);
      }
      note(config, layers, tag(image));
    }
    for (Map.Entry<String, Descriptor> file : files.entrySet()) {
      Descriptor blob = file.getValue();
      copy(blob.digest(), file.getKey(), content.info(scope, blob.digest()).size(), archive);
    }
    archive.file(
        DockerArchiveEntry.MANIFEST, DockerArchiveEntry.bytes(List.copyOf(docker.values())));
    archive.finish();
  }

  private void add(Image image, ExportOptions options) {
    Descriptor target = image.target();
    List<Platform> platforms = options.platforms();
    if (platforms.size() == 1) {
      target = resolver.resolve(scope, target, platforms.getFirst()).manifest();
    }
    Set<Digest> wanted = new HashSet<>();
    if (platforms.size() > 1) {
      for (Platform platform : platforms) {
        wanted.add(resolver.resolve(scope, target, platform).manifest().digest());
      }
    }
    if (!collect(target, wanted, options.whole(), 0)) {
      throw EngineException.notFound(
          "image %s has no platform whose blobs are all here; pull or import it again"
              .formatted(image.name()));
    }
    Map<String, String> annotations = new TreeMap<>();
    try {
      ImageReference reference = ImageReference.parse(image.name());
      annotations.put(OciLayout.CONTAINERD_NAME, image.name());
      annotations.put(
          OciLayout.REF_NAME,
          reference.tag() == null ? String.valueOf(reference.digest()) : reference.tag());
    } catch (EngineException e) {
      annotations.clear(); // named by its digest or by another program: it leaves without a name
    }
    index.add(target.withAnnotations(annotations));
    addDocker(target, platforms.isEmpty() ? Platform.host() : platforms.getFirst(), tag(image));
  }

  /** The name by which docker load shall call it, or null. */
  private static @Nullable String tag(Image image) {
    try {
      ImageReference reference = ImageReference.parse(image.name());
      return reference.tag() == null ? null : reference.familiar();
    } catch (EngineException e) {
      return null;
    }
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
    note(
        OciLayout.blobPath(resolved.config().digest()),
        resolved.layers().stream().map(layer -> OciLayout.blobPath(layer.digest())).toList(),
        tag);
  }

  private void note(String config, List<String> layers, @Nullable String tag) {
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

  /**
   * Notes the blobs of what is here whole; answers whether that is anything.
   *
   * @param wanted the manifests to take; empty for all
   * @param whole whether a blob that is not here is an error
   */
  private boolean collect(Descriptor descriptor, Set<Digest> wanted, boolean whole, int depth) {
    if (depth > MAX_DEPTH) {
      throw EngineException.invalid("image %s is nested too deeply".formatted(descriptor.digest()));
    }
    long size = size(descriptor);
    if (size < 0) {
      return absent(descriptor, whole);
    }
    ImageDocument document =
        ImageDocument.parse(
            content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE),
            descriptor.mediaType(),
            descriptor.digest().toString());
    boolean here;
    switch (document) {
      case ImageIndex list -> {
        here = list.manifests().isEmpty();
        for (Descriptor child : list.manifests()) {
          boolean isManifest = MediaTypes.isManifest(child.mediaType());
          if (isManifest && !wanted.isEmpty() && !wanted.contains(child.digest())) {
            continue;
          }
          here |=
              (isManifest || MediaTypes.isIndex(child.mediaType()))
                  ? collect(child, wanted, whole, depth + 1)
                  : take(List.of(child), whole);
        }
      }
      case ImageManifest manifest -> here = take(manifest.children(), whole);
    }
    if (here) {
      blobs.put(descriptor.digest(), size);
    }
    return here;
  }

  private static boolean absent(Descriptor descriptor, boolean whole) {
    if (whole) {
      throw EngineException.notFound(
          "blob %s is not here, so not all platforms can be exported; leave that out, or pull or import them first"
              .formatted(descriptor.digest()));
    }
    return false;
  }

  private boolean take(List<Descriptor> children, boolean whole) {
    Map<Digest, Long> sizes = new TreeMap<>();
    for (Descriptor child : children) {
      long size = size(child);
      if (size >= 0) {
        sizes.put(child.digest(), size);
      } else if (!MediaTypes.isForeignLayer(child.mediaType())) {
        return absent(child, whole);
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

  private void copy(Digest digest, String path, long size, ArchiveOutput archive)
      throws IOException {
    byte[] buffer = new byte[256 << 10];
    MessageDigest hash = digest.algorithm().newMessageDigest();
    long done = 0;
    try (BlobReader reader = content.open(scope, digest);
        InputStream in = reader.stream(0)) {
      archive.file(path, size);
      int read;
      while ((read = in.read(buffer)) >= 0) {
        if (Thread.currentThread().isInterrupted()) {
          throw EngineException.cancelled("export " + digest + ": interrupted");
        }
        hash.update(buffer, 0, read);
        archive.write(buffer, read);
        done += read;
        progress.report(digest.toString(), "exporting", done, size);
      }
    }
    if (!Digest.of(digest.algorithm(), hash.digest()).equals(digest)) {
      throw new EngineException(
          ErrorKind.DATA_LOSS,
          "blob %s is damaged on the disk; 'felucca image check' says whose it is"
              .formatted(digest));
    }
    progress.report(digest.toString(), "done", size, size);
  }
}
