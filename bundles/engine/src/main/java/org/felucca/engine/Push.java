package org.felucca.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.Platform;
import org.felucca.api.registry.PushOptions;
import org.felucca.api.registry.RegistryClient;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;

/**
 * One push: what belongs to the image is found first; then blobs, then manifests, then the name.
 */
final class Push {
  private static final int AT_ONCE = 3;
  private static final int MAX_DEPTH = 4;

  /** A manifest or an index that is pushed. */
  private record Document(Descriptor descriptor, byte[] bytes) {}

  private final ContentService content;
  private final RegistryClient registry;
  private final Scope scope;
  private final ImageReference target;
  private final PushOptions options;
  private final Progress progress;
  private final Map<Digest, Descriptor> blobs = new LinkedHashMap<>();
  private final Map<Digest, Document> documents = new LinkedHashMap<>();
  private final Semaphore turns = new Semaphore(AT_ONCE);

  Push(
      ContentService content,
      RegistryClient registry,
      Scope scope,
      ImageReference target,
      PushOptions options,
      Progress progress) {
    this.content = content;
    this.registry = registry;
    this.scope = scope;
    this.target = target;
    this.options = options;
    this.progress = progress;
  }

  /** Pushes; answers what the target stands for then. */
  Descriptor run(Descriptor image) {
    Document top = collect(image, 0);
    documents.remove(top.descriptor().digest());
    pushBlobs();
    for (Document document : documents.values()) {
      pushDocument(
          new ImageReference(
              target.registry(), target.repository(), null, document.descriptor().digest()),
          document);
    }
    pushDocument(target, top);
    return top.descriptor();
  }

  private void pushDocument(ImageReference name, Document document) {
    String item = document.descriptor().digest().toString();
    long size = document.bytes().length;
    progress.report(item, "pushing", 0, size);
    registry.pushManifest(name, document.descriptor(), document.bytes(), options.access());
    progress.report(item, "pushed", size, size);
  }

  private byte[] bytes(Descriptor descriptor) {
    return content.read(scope, descriptor.digest(), ImageDocument.MAX_SIZE);
  }

  private Document collect(Descriptor descriptor, int depth) {
    if (depth > MAX_DEPTH) {
      throw EngineException.invalid(
          "the image is nested more than %d indexes deep".formatted(MAX_DEPTH));
    }
    byte[] bytes = bytes(descriptor);
    ImageDocument parsed =
        ImageDocument.parse(bytes, descriptor.mediaType(), descriptor.digest().toString());
    return switch (parsed) {
      case ImageManifest manifest -> {
        for (Descriptor blob : manifest.children()) {
          if (isThere(blob)) {
            blobs.put(blob.digest(), blob);
          } else if (!MediaTypes.isForeignLayer(blob.mediaType())) {
            throw missing(blob);
          }
        }
        yield keep(new Document(descriptor, bytes));
      }
      case ImageIndex index -> index(descriptor, bytes, index, depth);
    };
  }

  private Document keep(Document document) {
    documents.put(document.descriptor().digest(), document);
    return document;
  }

  private static EngineException missing(Descriptor blob) {
    return EngineException.notFound(
        "blob %s is not here; pull or import the image whole, or name platforms that are here by --platform"
            .formatted(blob.digest()));
  }

  private Document index(Descriptor descriptor, byte[] bytes, ImageIndex index, int depth) {
    List<Descriptor> chosen = new ArrayList<>();
    for (Descriptor child : index.manifests()) {
      if (isWanted(child) && (options.allPlatforms() || isWhole(child, depth))) {
        chosen.add(child);
      }
    }
    if (chosen.isEmpty()) {
      throw EngineException.notFound(
          options.platforms().isEmpty()
              ? "no variant of the image is here whole; pull it first"
              : "the image has no variant for %s here; pull it first"
                  .formatted(
                      String.join(
                          ", ", options.platforms().stream().map(Platform::toString).toList())));
    }
    boolean all = chosen.size() == index.manifests().size();
    List<Document> children = new ArrayList<>();
    for (Descriptor child : chosen) {
      if (MediaTypes.isManifest(child.mediaType()) || MediaTypes.isIndex(child.mediaType())) {
        children.add(collect(child, depth + 1));
      } else if (isThere(child)) {
        blobs.put(child.digest(), child);
      } else {
        throw missing(child);
      }
    }
    if (all) {
      return keep(new Document(descriptor, bytes));
    }
    if (chosen.size() == 1 && children.size() == 1) {
      return children.getFirst(); // an image of one variant needs no index
    }
    byte[] smaller =
        new ImageIndex(
                index.mediaType(),
                index.artifactType(),
                chosen,
                index.subject(),
                index.annotations())
            .bytes();
    return keep(
        new Document(
            new Descriptor(index.mediaType(), Digest.sha256(smaller), smaller.length), smaller));
  }

  private boolean isWanted(Descriptor child) {
    Platform platform = child.platform();
    return options.platforms().isEmpty()
        || (platform != null
            && options.platforms().stream().anyMatch(wanted -> wanted.accepts(platform) > 0));
  }

  private boolean isThere(Descriptor blob) {
    try {
      return content.info(scope, blob.digest()).size() == blob.size();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /** Whether all of a variant is here. */
  private boolean isWhole(Descriptor child, int depth) {
    if (!isThere(child)) {
      return false;
    }
    if (depth > MAX_DEPTH
        || (!MediaTypes.isManifest(child.mediaType()) && !MediaTypes.isIndex(child.mediaType()))) {
      return true;
    }
    ImageDocument parsed =
        ImageDocument.parse(bytes(child), child.mediaType(), child.digest().toString());
    return switch (parsed) {
      case ImageManifest manifest ->
          manifest.children().stream()
              .allMatch(blob -> isThere(blob) || MediaTypes.isForeignLayer(blob.mediaType()));
      case ImageIndex index ->
          index.manifests().stream().allMatch(inner -> isWhole(inner, depth + 1));
    };
  }

  private void pushBlobs() {
    blobs.forEach((digest, blob) -> progress.report(digest.toString(), "waiting", 0, blob.size()));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> works = new ArrayList<>();
      try {
        for (Descriptor blob : blobs.values()) {
          works.add(threads.submit(() -> push(blob)));
        }
        for (Future<?> work : works) {
          work.get();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("interrupted");
      } catch (ExecutionException e) {
        throw failure(e.getCause());
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static RuntimeException failure(@Nullable Throwable cause) {
    return cause instanceof EngineException known
        ? known
        : new EngineException(ErrorKind.INTERNAL, "push a blob: " + cause, cause);
  }

  private boolean push(Descriptor blob) throws InterruptedException {
    turns.acquire();
    try (BlobReader reader = content.open(scope, blob.digest())) {
      registry.pushBlob(target, blob, reader, sources(blob), options.access(), progress);
      return true;
    } finally {
      turns.release();
    }
  }

  /** The repositories of the same registry in which the blob was seen. */
  private List<ImageReference> sources(Descriptor blob) {
    String label =
        content
            .info(scope, blob.digest())
            .labels()
            .getOrDefault(BlobFetcher.SOURCE + target.registry(), "");
    Set<String> repositories = new TreeSet<>(List.of(label.split(",")));
    repositories.removeIf(
        repository -> repository.isEmpty() || repository.equals(target.repository()));
    return repositories.stream()
        .map(repository -> new ImageReference(target.registry(), repository, "latest", null))
        .toList();
  }
}
