package org.felucca.engine;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.LayerService;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageArchives;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImageStore;
import org.felucca.api.image.ImportOptions;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.snapshot.SnapshotService;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What people do with images, over the parts that keep, read and lay them out. */
@Component(configurationPid = EngineConfig.PID)
public final class ImageUseCases implements ImageService {
  private static final Logger LOG = Logger.getLogger(ImageUseCases.class.getName());

  /** So many digits of a digest tell an image. */
  private static final int SHORTEST_PREFIX = 4;

  private static final int MOST_SHOWN = 5;

  private final ImageStore images;
  private final ImageArchives archives;
  private final ImageResolver resolver;
  private final WorkLeases leases;
  private final ContainerStore containers;
  private final Collector collector;
  private final Unpacker unpacker;
  private final NamespaceDefaults defaults;

  /** With the parts below. */
  @Activate
  public ImageUseCases(
      EngineConfig config,
      @Reference ImageStore images,
      @Reference ImageArchives archives,
      @Reference ImageResolver resolver,
      @Reference ContentService content,
      @Reference SnapshotService snapshots,
      @Reference LayerService layers,
      @Reference NamespaceStore namespaces,
      @Reference LeaseStore leases,
      @Reference ContainerStore containers,
      @Reference Collector collector) {
    this.images = images;
    this.archives = archives;
    this.resolver = resolver;
    this.leases = new WorkLeases(leases, collector);
    this.containers = containers;
    this.collector = collector;
    this.unpacker = new Unpacker(content, snapshots, layers);
    this.defaults = new NamespaceDefaults(namespaces, snapshots, config.default__snapshotter());
  }

  @Override
  public List<Image> importStream(
      Scope scope, InputStream archive, ImportOptions options, Progress progress) {
    return importing(
        scope,
        options,
        progress,
        leased -> archives.importStream(leased, archive, options.fallbackName(), progress));
  }

  @Override
  public List<Image> importPath(
      Scope scope, Path archive, ImportOptions options, Progress progress) {
    return importing(
        scope,
        options,
        progress,
        leased -> archives.importPath(leased, archive, options.fallbackName(), progress));
  }

  private List<Image> importing(
      Scope scope,
      ImportOptions options,
      Progress progress,
      Function<Scope, List<Image>> importing) {
    if (!options.unpack() && options.snapshotter() != null) {
      throw EngineException.invalid(
          "a snapshotter is named for images that shall not be unpacked; leave one of the two out");
    }
    String name = defaults.snapshotter(scope, options.snapshotter());
    return leases.with(
        scope,
        leased -> {
          List<Image> imported = importing.apply(leased);
          return options.unpack() ? unpackAll(leased, imported, name, progress) : imported;
        });
  }

  private List<Image> unpackAll(
      Scope scope, List<Image> imported, String snapshotter, Progress progress) {
    for (Image image : imported) {
      ResolvedImage resolved;
      try {
        resolved = resolver.resolve(scope, image.target(), Platform.host());
      } catch (EngineException e) {
        if (e.kind() == ErrorKind.FAILED_PRECONDITION) {
          progress.report(image.name(), "not for this machine", 0, 0);
          continue;
        }
        undo(scope, imported);
        throw e.during("import " + image.name());
      }
      try {
        unpacker.unpack(scope, resolved, snapshotter, progress);
      } catch (EngineException e) {
        undo(scope, imported);
        throw e.during("import " + image.name());
      }
    }
    return imported;
  }

  /** Takes the names of a failed import away again, but not those that it only moved. */
  private void undo(Scope scope, List<Image> imported) {
    boolean interrupted = Thread.interrupted();
    try {
      for (Image image : imported) {
        if (image.createdAt().equals(image.updatedAt())) {
          images.delete(scope, image.name());
        }
      }
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "names of a failed import not removed", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public Image find(Scope scope, String text) {
    Image image = getOrNull(scope, text);
    if (image != null) {
      return image;
    }
    EngineException malformed = null;
    try {
      image = getOrNull(scope, ImageReference.parse(text).toString());
    } catch (EngineException e) {
      malformed = e;
    }
    if (image != null) {
      return image;
    }
    image = byDigest(scope, text);
    if (image != null) {
      return image;
    }
    if (malformed != null) {
      throw malformed;
    }
    throw EngineException.notFound(
        "image %s not found; 'felucca image ls' shows what is here, 'felucca image import' brings one"
            .formatted(Identifiers.quote(text)));
  }

  private @Nullable Image getOrNull(Scope scope, String name) {
    try {
      return images.get(scope, name);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private @Nullable Image byDigest(Scope scope, String text) {
    String prefix = text.startsWith("sha256:") ? text.substring("sha256:".length()) : text;
    if (prefix.length() < SHORTEST_PREFIX || !prefix.matches("[0-9a-f]+")) {
      return null;
    }
    @Nullable Image match = null;
    Set<String> others = new TreeSet<>();
    for (Image image : images.list(scope, List.of())) {
      if (image.target().digest().hex().startsWith(prefix)) {
        if (match != null && !match.target().digest().equals(image.target().digest())) {
          others.add(described(image));
        }
        match = match == null ? image : match;
      }
    }
    if (match != null && !others.isEmpty()) {
      others.add(described(match));
      throw EngineException.invalid(
          "several images begin with %s; give more digits: %s%s"
              .formatted(
                  prefix,
                  others.stream().limit(MOST_SHOWN).collect(Collectors.joining(", ")),
                  others.size() > MOST_SHOWN ? ", ..." : ""));
    }
    return match;
  }

  private static String described(Image image) {
    return "%s (%s)".formatted(image.target().digest().hex().substring(0, 12), image.name());
  }

  @Override
  public List<Image> list(Scope scope, List<String> filters) {
    return images.list(scope, filters);
  }

  @Override
  public Image tag(Scope scope, String source, String target, boolean force) {
    Image image = find(scope, source);
    ImageReference name = ImageReference.parse(target);
    if (name.digest() != null) {
      throw EngineException.invalid(
          "%s has a digest; a tag names an image by name and tag alone".formatted(target));
    }
    try {
      return images.create(scope, name.toString(), image.target(), image.labels());
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.ALREADY_EXISTS) {
        throw e;
      }
      if (!force) {
        throw EngineException.alreadyExists(
            "image %s exists already; take the name over with --force, or remove it first"
                .formatted(name));
      }
      return images.update(scope, name.toString(), image.target(), image.labels(), Set.of());
    }
  }

  @Override
  public Image untag(Scope scope, String name) {
    if (name.contains("@") || name.startsWith("sha256:")) {
      throw EngineException.invalid(
          "%s is a digest and no name; 'felucca image rm' takes the image away".formatted(name));
    }
    Image image = getOrNull(scope, name);
    if (image == null) {
      image = getOrNull(scope, ImageReference.parse(name).toString());
    }
    if (image == null) {
      throw EngineException.notFound(
          "there is no image of the name %s; 'felucca image ls' shows which there are"
              .formatted(Identifiers.quote(name)));
    }
    Digest digest = image.target().digest();
    boolean last =
        images.list(scope, List.of("target.digest==" + Identifiers.quote(digest.toString()))).size()
            == 1;
    if (last) {
      try {
        images.create(scope, digest.toString(), image.target(), image.labels());
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          throw e;
        }
      }
    }
    images.delete(scope, image.name());
    return image;
  }

  @Override
  public Image remove(Scope scope, String text, boolean force) {
    Image image = find(scope, text);
    if (!force) {
      List<String> users = new ArrayList<>();
      for (ContainerRecord container : containers.listWithoutSpecs(scope, List.of())) {
        if (container.image().equals(image.name())) {
          users.add(container.name());
        }
      }
      if (!users.isEmpty()) {
        throw EngineException.precondition(
            "image %s is used by container %s; remove it first, or use --force (the container keeps its files)"
                .formatted(image.name(), String.join(", ", users)));
      }
    }
    images.delete(scope, image.name());
    collector.collect();
    return image;
  }

  @Override
  public ResolvedImage resolve(Scope scope, Image image, Platform platform) {
    try {
      return resolver.resolve(scope, image.target(), platform);
    } catch (EngineException e) {
      throw e.during("image " + image.name());
    }
  }

  @Override
  public Digest unpack(
      Scope scope, ResolvedImage image, @Nullable String snapshotter, Progress progress) {
    String name = defaults.snapshotter(scope, snapshotter);
    Digest top = unpacker.unpacked(scope, image, name);
    return top == null
        ? leases.with(scope, leased -> unpacker.unpack(leased, image, name, progress))
        : top;
  }

  @Override
  public long size(Scope scope, Image image) {
    try {
      ResolvedImage resolved = resolver.resolve(scope, image.target(), Platform.host());
      long layers = resolved.layers().stream().mapToLong(Descriptor::size).sum();
      return resolved.manifest().size() + resolved.config().size() + layers;
    } catch (EngineException e) {
      return image.target().size();
    }
  }
}
