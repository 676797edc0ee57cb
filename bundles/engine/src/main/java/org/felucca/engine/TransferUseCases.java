package org.felucca.engine;

import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.diff.LayerService;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.registry.ImageTransferService;
import org.felucca.api.registry.PullOptions;
import org.felucca.api.registry.PushOptions;
import org.felucca.api.registry.RegistryClient;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Pull and push, over the registries and the stores. */
@Component(configurationPid = EngineConfig.PID)
public final class TransferUseCases implements ImageTransferService {
  private final RegistryClient registry;
  private final ContentService content;
  private final ImageStore images;
  private final ImageService imageService;
  private final ImageResolver resolver;
  private final Unpacker unpacker;
  private final BlobFetcher fetcher;
  private final NamespaceDefaults defaults;
  private final PullLeases leases;
  private final Verifiers verifiers;

  /** With the parts below. */
  @Activate
  public TransferUseCases(
      EngineConfig config,
      BundleContext context,
      @Reference RegistryClient registry,
      @Reference ContentService content,
      @Reference ImageStore images,
      @Reference ImageService imageService,
      @Reference ImageResolver resolver,
      @Reference SnapshotService snapshots,
      @Reference LayerService layers,
      @Reference NamespaceStore namespaces,
      @Reference LeaseStore leases,
      @Reference Collector collector) {
    this.registry = registry;
    this.content = content;
    this.images = images;
    this.imageService = imageService;
    this.resolver = resolver;
    this.unpacker = new Unpacker(content, snapshots, layers);
    this.fetcher = new BlobFetcher(content, registry);
    this.defaults = new NamespaceDefaults(namespaces, snapshots, config.default__snapshotter());
    this.leases = new PullLeases(leases, collector);
    this.verifiers = new Verifiers(context, config.image__verifiers());
  }

  @Deactivate
  void close() {
    verifiers.close();
  }

  @Override
  public Image pull(Scope scope, String name, PullOptions options, Progress progress) {
    if (options.allPlatforms() && !options.platforms().isEmpty()) {
      throw EngineException.invalid("all platforms and some platforms are both asked for");
    }
    if (!options.unpack() && options.snapshotter() != null) {
      throw EngineException.invalid(
          "a snapshotter is named for an image that shall not be unpacked; leave one of the two out");
    }
    ImageReference reference = ImageReference.parse(name);
    String full = reference.toString();
    String stored = options.storedName() == null ? full : options.storedName();
    @Nullable String snapshotter =
        options.unpack() ? defaults.snapshotter(scope, options.snapshotter()) : null;
    try {
      progress.report(full, "resolving", 0, 0);
      Descriptor target = registry.resolve(reference, options.access());
      progress.report(full, "resolved", 0, 0);
      verifiers.check(reference, target, options.access());
      Image[] image = new Image[1];
      leases.with(
          scope,
          stored,
          leased -> {
            new Pull(
                    content, registry, fetcher, resolver, unpacker, leased, reference, options,
                    progress)
                .run(target, snapshotter);
            image[0] = images.put(leased, stored, target, options.labels());
          });
      progress.report(full, "done", 0, 0);
      return image[0];
    } catch (EngineException e) {
      throw e.during("pull " + full);
    }
  }

  @Override
  public Descriptor push(
      Scope scope, String image, String target, PushOptions options, Progress progress) {
    if (options.allPlatforms() && !options.platforms().isEmpty()) {
      throw EngineException.invalid("all platforms and some platforms are both asked for");
    }
    Image found = imageService.find(scope, image);
    ImageReference name = ImageReference.parse(target);
    if (name.digest() != null) {
      throw EngineException.invalid(
          "%s has a digest, which follows from what is pushed; give name and tag alone"
              .formatted(target));
    }
    try {
      Descriptor pushed =
          new Push(content, registry, scope, name, options, progress).run(found.target());
      progress.report(name.toString(), "done", 0, 0);
      return pushed;
    } catch (EngineException e) {
      throw e.during("push " + name);
    }
  }
}
