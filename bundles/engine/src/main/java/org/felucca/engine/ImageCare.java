package org.felucca.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.LayerService;
import org.felucca.api.gc.Collected;
import org.felucca.api.gc.Collector;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageCareService;
import org.felucca.api.image.ImageCheck;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.ImageStore;
import org.felucca.api.image.Pruned;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.snapshot.SnapshotService;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Takes away images that nobody uses, and looks for damage in those that stay. */
@Component
public final class ImageCare implements ImageCareService {
  private final ImageStore images;
  private final ContainerStore containers;
  private final Collector collector;
  private final ContentService content;
  private final ImageResolver resolver;
  private final SnapshotService snapshots;
  private final LayerService layers;
  private final WorkLeases leases;
  private final DiskThreads disk = new DiskThreads("felucca-engine-check", 2);

  /** With the parts below. */
  @Activate
  public ImageCare(
      @Reference ImageStore images,
      @Reference ContainerStore containers,
      @Reference Collector collector,
      @Reference ContentService content,
      @Reference ImageResolver resolver,
      @Reference SnapshotService snapshots,
      @Reference LayerService layers,
      @Reference LeaseStore leases) {
    this.images = images;
    this.containers = containers;
    this.collector = collector;
    this.content = content;
    this.resolver = resolver;
    this.snapshots = snapshots;
    this.layers = layers;
    this.leases = new WorkLeases(leases, collector);
  }

  @Deactivate
  void close() {
    disk.close();
  }

  @Override
  public List<Image> unused(Scope scope, boolean all) {
    List<Image> here = images.list(scope, List.of());
    Set<String> names = new HashSet<>();
    for (ContainerRecord container : containers.listWithoutSpecs(scope, List.of())) {
      names.add(container.image());
    }
    Set<Digest> used = new HashSet<>();
    for (Image image : here) {
      if (names.contains(image.name())) {
        used.add(image.target().digest());
      }
    }
    return here.stream()
        .filter(image -> !used.contains(image.target().digest()))
        .filter(image -> all || isNameless(image))
        .toList();
  }

  private static boolean isNameless(Image image) {
    return image.name().equals(image.target().digest().toString());
  }

  @Override
  public Pruned prune(Scope scope, boolean all, Predicate<Image> wanted) {
    List<String> gone = new ArrayList<>();
    Collected collected = collector.collectAfter(() -> delete(scope, all, wanted, gone));
    return new Pruned(gone, collected.blobs(), collected.snapshots(), collected.bytes());
  }

  private void delete(Scope scope, boolean all, Predicate<Image> wanted, List<String> gone) {
    for (Image image : unused(scope, all)) {
      if (wanted.test(image)) {
        try {
          images.delete(scope, image.name());
          gone.add(image.name());
        } catch (EngineException e) {
          if (e.kind() != ErrorKind.NOT_FOUND) { // else somebody was faster
            throw e.during("prune image " + image.name());
          }
        }
      }
    }
  }

  @Override
  public ImageCheck check(Scope scope, Image image, boolean deep, Progress progress) {
    BlobCheck blobs = new BlobCheck(content, disk, scope, image, progress);
    blobs.run();
    List<ImageCheck.Problem> problems = new ArrayList<>(blobs.problems());
    List<String> unpacked =
        deep
            ? new SnapshotCheck(
                    content,
                    resolver,
                    snapshots,
                    layers,
                    containers,
                    leases,
                    scope,
                    image,
                    progress)
                .run(blobs.broken(), problems)
            : List.of();
    return new ImageCheck(image.name(), blobs.count(), blobs.bytes(), unpacked, problems);
  }
}
