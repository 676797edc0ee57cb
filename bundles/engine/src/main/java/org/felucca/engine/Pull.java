package org.felucca.engine;

import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.registry.PullOptions;
import org.felucca.api.registry.RegistryClient;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.jspecify.annotations.Nullable;

/**
 * One pull, once its name is resolved: documents, then configs, then layers, several at once, each
 * of which is laid out as soon as those below it are, while it and others still arrive.
 */
final class Pull {
  /** So many layers of one image come at once. */
  private static final int AT_ONCE = 3;

  private final ContentService content;
  private final RegistryClient registry;
  private final BlobFetcher fetcher;
  private final ImageResolver resolver;
  private final Unpacker unpacker;
  private final Scope scope;
  private final ImageReference from;
  private final PullOptions options;
  private final Progress progress;
  private final Semaphore turns = new Semaphore(AT_ONCE, true);

  Pull(
      ContentService content,
      RegistryClient registry,
      BlobFetcher fetcher,
      ImageResolver resolver,
      Unpacker unpacker,
      Scope scope,
      ImageReference from,
      PullOptions options,
      Progress progress) {
    this.content = content;
    this.registry = registry;
    this.fetcher = fetcher;
    this.resolver = resolver;
    this.unpacker = unpacker;
    this.scope = scope;
    this.from = from;
    this.options = options;
    this.progress = progress;
  }

  /**
   * Brings what a target names.
   *
   * @param snapshotter where it is laid out, or null if it is not
   */
  void run(Descriptor target, @Nullable String snapshotter) {
    PullSelection selection = new PullSelection(content, registry, fetcher, scope, from, options);
    selection.of(target);
    Collection<ImageManifest> manifests = selection.manifests().values();
    boolean images = manifests.stream().anyMatch(ImageManifest::isImage);
    Map<Digest, Descriptor> first = new LinkedHashMap<>();
    manifests.forEach(manifest -> first.put(manifest.config().digest(), manifest.config()));
    Map<Digest, Descriptor> then = new LinkedHashMap<>();
    selection.others().forEach(other -> then.put(other.digest(), other));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Arrivals arrivals = new Arrivals(threads);
      try {
        arrivals.add(first.values());
        arrivals.await();
        manifests.stream().filter(ImageManifest::isImage).forEach(this::check);
        ResolvedImage image = snapshotter == null || !images ? null : resolved(target);
        if (image != null) {
          image.layers().forEach(layer -> then.put(layer.digest(), layer));
        }
        for (ImageManifest manifest : manifests) {
          manifest.layers().forEach(layer -> then.putIfAbsent(layer.digest(), layer));
        }
        then.keySet().removeAll(first.keySet());
        arrivals.add(then.values());
        if (image != null && snapshotter != null) {
          arrivals.orTheirFailure(
              () -> unpacker.unpack(scope, image, snapshotter, arrivals, progress));
        }
        arrivals.await();
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private void check(ImageManifest manifest) {
    String what = "config " + manifest.config().digest();
    int diffIds =
        ImageConfig.parse(
                content.read(scope, manifest.config().digest(), ImageConfig.MAX_SIZE), what)
            .diffIds()
            .size();
    if (diffIds != manifest.layers().size()) {
      throw EngineException.invalid(
          "%s has %d diff ids for the %d layers of its manifest"
              .formatted(what, diffIds, manifest.layers().size()));
    }
  }

  /** What is laid out here, or null if others' variants alone were asked for. */
  private @Nullable ResolvedImage resolved(Descriptor target) {
    try {
      return resolver.resolve(scope, target, Platform.host());
    } catch (EngineException e) {
      boolean asked = options.allPlatforms() || !options.platforms().isEmpty();
      if (asked && (e.kind() == ErrorKind.FAILED_PRECONDITION || e.kind() == ErrorKind.NOT_FOUND)) {
        progress.report(from.toString(), "not for this machine", 0, 0);
        return null;
      }
      throw e;
    }
  }

  /** The blobs that are on their way. */
  private final class Arrivals implements Unpacker.Source {
    private final ExecutorService threads;
    private final Map<Digest, GrowingBlob> blobs = new LinkedHashMap<>();
    private final List<Future<?>> works = new ArrayList<>();

    Arrivals(ExecutorService threads) {
      this.threads = threads;
    }

    void add(Collection<Descriptor> wanted) {
      for (Descriptor blob : wanted) {
        GrowingBlob growing = new GrowingBlob(blob);
        blobs.put(blob.digest(), growing);
        progress.report(blob.digest().toString(), "waiting", 0, blob.size());
      }
      // The lowest layers are needed first, and turns are given in the order of asking.
      for (Descriptor blob : wanted) {
        GrowingBlob growing = blobs.get(blob.digest());
        if (growing != null) {
          works.add(threads.submit(() -> fetch(blob, growing)));
        }
      }
    }

    private boolean fetch(Descriptor blob, GrowingBlob growing) throws InterruptedException {
      try {
        turns.acquire();
      } catch (InterruptedException e) {
        growing.failed(EngineException.cancelled("fetch blob " + blob.digest() + ": interrupted"));
        throw e;
      }
      try {
        return fetcher.fetch(scope, from, blob, options.access(), growing, progress);
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.NOT_FOUND && MediaTypes.isForeignLayer(blob.mediaType())) {
          throw new EngineException(
              ErrorKind.NOT_FOUND,
              "layer %s may not be handed on by registries, and the addresses that the image gives for it are not followed; ask its maker for an image without such layers"
                  .formatted(blob.digest()),
              e);
        }
        throw e;
      } finally {
        turns.release();
      }
    }

    /** Waits until all are stored, or throws what one failed with. */
    void await() {
      for (Future<?> work : works) {
        try {
          work.get();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw EngineException.cancelled("interrupted");
        } catch (ExecutionException e) {
          throw failure(e.getCause());
        }
      }
      works.clear();
    }

    /** Does work; if a blob failed meanwhile, that is the reason and not what followed from it. */
    void orTheirFailure(Runnable work) {
      try {
        work.run();
      } catch (EngineException e) {
        if (!Thread.currentThread().isInterrupted()) {
          for (Future<?> each : works) {
            if (each.state() == Future.State.FAILED) {
              throw failure(each.exceptionNow());
            }
          }
        }
        throw e;
      }
    }

    private static RuntimeException failure(@Nullable Throwable cause) {
      return switch (cause) {
        case EngineException known -> known;
        case InterruptedException _ -> EngineException.cancelled("interrupted");
        case null, default ->
            new EngineException(ErrorKind.INTERNAL, "fetch a blob: " + cause, cause);
      };
    }

    @Override
    public InputStream open(Descriptor layer) {
      GrowingBlob growing = blobs.get(layer.digest());
      if (growing == null) {
        return Unpacker.stored(content, scope, layer);
      }
      growing.awaitWorthReading();
      return growing.stream(content, scope);
    }

    @Override
    public void settle(Descriptor layer) {
      GrowingBlob growing = blobs.get(layer.digest());
      if (growing != null) {
        growing.await();
      }
    }
  }
}
