package org.felucca.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageStore;
import org.felucca.images.ImageNames.Named;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.felucca.oci.OciLayout;
import org.jspecify.annotations.Nullable;

/** One import, from the first byte to the names. */
final class ImageImport {
  private final ContentService content;
  private final ImageStore images;
  private final Scope scope;
  private final @Nullable String fallbackName;
  private final BlobIntake intake;

  ImageImport(
      ContentService content,
      ImageStore images,
      Scope scope,
      @Nullable String fallbackName,
      DiskRoom room,
      Progress progress) {
    this.content = content;
    this.images = images;
    this.scope = scope;
    this.fallbackName = fallbackName;
    this.intake = new BlobIntake(content, scope, room, progress);
  }

  /** From a tar, perhaps compressed. */
  List<Image> ofStream(InputStream archive) throws IOException {
    try (InputStream tar = ArchiveStream.open(archive)) {
      ArchiveFiles files = ArchiveFiles.read(new TarEntries(tar), intake);
      byte[] index = files.document(OciLayout.INDEX);
      byte[] marker = files.document(OciLayout.MARKER);
      byte[] manifest = files.document(DockerArchiveEntry.MANIFEST);
      if (index != null && marker != null) {
        OciLayout.checkMarker(marker);
        List<Named> named = ofIndex(index);
        if (manifest != null && named.stream().allMatch(image -> image.names().isEmpty())) {
          named = renamed(named, DockerImages.names(files, manifest));
        }
        return finish(named, this::stored);
      }
      if (manifest != null) {
        return finish(new DockerImages(content, scope).images(files, manifest), this::stored);
      }
      throw EngineException.invalid(
          "it is neither an OCI layout (it lacks oci-layout and index.json) nor an archive of docker save (it lacks manifest.json)");
    }
  }

  /** From an OCI layout folder. */
  List<Image> ofFolder(Path folder) throws IOException {
    LayoutFolder layout = new LayoutFolder(folder, content, scope, intake);
    return finish(ofIndex(layout.index()), layout);
  }

  private List<Named> ofIndex(byte[] bytes) {
    List<Named> named = new ArrayList<>();
    for (Descriptor target : ImageIndex.parseLayoutIndex(bytes).manifests()) {
      if (!MediaTypes.isManifest(target.mediaType()) && !MediaTypes.isIndex(target.mediaType())) {
        throw EngineException.invalid(
            "index.json names %s of media type %s, which is neither a manifest nor an index"
                .formatted(target.digest(), org.felucca.api.Identifiers.quote(target.mediaType())));
      }
      String name = ImageNames.ofAnnotations(target, fallbackName);
      named.add(new Named(target, name == null ? List.of() : List.of(name)));
    }
    if (named.isEmpty()) {
      throw EngineException.invalid("index.json names no image");
    }
    return named;
  }

  /** The same images under the names of their configs. */
  private List<Named> renamed(List<Named> named, Map<Digest, List<String>> byConfig) {
    List<Named> renamed = new ArrayList<>();
    for (Named image : named) {
      List<String> names = image.names();
      if (MediaTypes.isManifest(image.target().mediaType()) && stored(image.target()) >= 0) {
        byte[] bytes = content.read(scope, image.target().digest(), ImageDocument.MAX_SIZE);
        ImageDocument document =
            ImageDocument.parse(
                bytes, image.target().mediaType(), image.target().digest().toString());
        if (document instanceof ImageManifest manifest) {
          names = byConfig.getOrDefault(manifest.config().digest(), names);
        }
      }
      renamed.add(new Named(image.target(), names));
    }
    return renamed;
  }

  private List<Image> finish(List<Named> found, BlobSource source) {
    List<Named> named = ImageNames.complete(found, fallbackName);
    ImageGraph graph = new ImageGraph(content, scope, source);
    for (Named image : named) {
      graph.check(image.target());
    }
    graph.label();
    List<Image> imported = new ArrayList<>();
    for (Named image : named) {
      // An image's annotations are its own: none becomes a label, by which things are controlled
      // here.
      Descriptor target = image.target().withAnnotations(Map.of());
      for (String name : image.names()) {
        if (imported.stream().noneMatch(other -> other.name().equals(name))) {
          imported.add(images.put(scope, name, target, Map.of()));
        }
      }
    }
    return imported;
  }

  private long stored(Descriptor descriptor) {
    try {
      return content.info(scope, descriptor.digest()).size();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return -1;
      }
      throw e;
    }
  }
}
