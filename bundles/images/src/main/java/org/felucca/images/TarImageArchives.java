package org.felucca.images;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.ContentService;
import org.felucca.api.image.ExportOptions;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageArchives;
import org.felucca.api.image.ImageResolver;
import org.felucca.api.image.ImageStore;
import org.felucca.api.lease.LeaseStore;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Imports and exports of images. */
@Component
public final class TarImageArchives implements ImageArchives {
  private static final Logger LOG = Logger.getLogger(TarImageArchives.class.getName());
  private static final Duration LEASE = Duration.ofHours(24);

  private final ContentService content;
  private final ImageStore images;
  private final ImageResolver resolver;
  private final LeaseStore leases;
  private final Path root;
  private final ImageWorkers workers = new ImageWorkers();

  /**
   * Over these stores, whose disk holds the folder of the framework property {@code felucca.root}.
   */
  @Activate
  public TarImageArchives(
      BundleContext context,
      @Reference ContentService content,
      @Reference ImageStore images,
      @Reference ImageResolver resolver,
      @Reference LeaseStore leases) {
    this(Path.of(property(context)), content, images, resolver, leases);
  }

  TarImageArchives(
      Path root,
      ContentService content,
      ImageStore images,
      ImageResolver resolver,
      LeaseStore leases) {
    this.root = root;
    this.content = content;
    this.images = images;
    this.resolver = resolver;
    this.leases = leases;
  }

  private static String property(BundleContext context) {
    String root = context.getProperty("felucca.root");
    return root == null ? "/" : root;
  }

  @Deactivate
  void close() {
    workers.close();
  }

  @Override
  public List<Image> importStream(
      Scope scope, InputStream archive, @Nullable String fallbackName, Progress progress) {
    return importing(
        "import images", scope, fallbackName, progress, work -> work.ofStream(archive));
  }

  @Override
  public List<Image> importPath(
      Scope scope, Path archive, @Nullable String fallbackName, Progress progress) {
    return importing(
        "import images of " + archive,
        scope,
        fallbackName,
        progress,
        work -> {
          if (Files.isDirectory(archive)) {
            return work.ofFolder(archive);
          }
          if (!Files.isRegularFile(archive)) {
            throw EngineException.notFound("there is no such file or folder");
          }
          try (InputStream in = new FileInputStream(archive.toFile())) {
            return work.ofStream(in);
          }
        });
  }

  @Override
  public void export(
      Scope scope,
      List<String> names,
      ExportOptions options,
      OutputStream archive,
      Progress progress) {
    exporting(
        "export images",
        () -> {
          new ImageExport(content, images, resolver, scope, progress)
              .write(names, options, new TarOutput(archive));
          return null;
        });
  }

  @Override
  public void exportPath(
      Scope scope,
      List<String> names,
      ExportOptions options,
      Path target,
      boolean folder,
      Progress progress) {
    if (folder && options.format() == ExportOptions.Format.DOCKER) {
      throw EngineException.invalid(
          "an archive as docker save writes it is a file; only an OCI layout can be a folder");
    }
    ImageExport work = new ImageExport(content, images, resolver, scope, progress);
    exporting(
        "export images to " + target,
        () -> {
          if (folder) {
            try (FolderOutput output = FolderOutput.open(target)) {
              work.write(names, options, output);
            }
          } else {
            try (FileOutput output = FileOutput.open(target)) {
              work.write(names, options, new TarOutput(output.stream()));
              output.finish();
            }
          }
          return null;
        });
  }

  private void exporting(String attempted, Callable<@Nullable Void> work) {
    workers.<@Nullable Void>run(
        attempted,
        () -> {
          try {
            return work.call();
          } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            boolean full = reason.contains("No space left") || reason.contains("quota exceeded");
            throw new EngineException(
                full ? ErrorKind.RESOURCE_EXHAUSTED : ErrorKind.UNAVAILABLE,
                "the archive can't be written: " + reason,
                e);
          }
        });
  }

  /** What is done with an import. */
  @FunctionalInterface
  private interface Work {
    List<Image> run(ImageImport work) throws IOException;
  }

  private List<Image> importing(
      String attempted, Scope scope, @Nullable String fallbackName, Progress progress, Work work) {
    return workers.run(
        attempted,
        () -> {
          Scope leased = scope;
          if (scope.lease().isEmpty()) {
            leased = scope.withLease("import-" + UUID.randomUUID());
            Instant end = Instant.now().plus(LEASE).truncatedTo(ChronoUnit.SECONDS);
            leases.create(
                scope,
                leased.lease().orElseThrow(),
                Map.of("containerd.io/gc.expire", end.toString()));
          }
          try {
            return translating(work, leased, fallbackName, progress);
          } finally {
            if (scope.lease().isEmpty()) {
              endLease(scope, leased.lease().orElseThrow());
            }
          }
        });
  }

  private List<Image> translating(
      Work work, Scope scope, @Nullable String fallbackName, Progress progress) {
    try {
      return work.run(
          new ImageImport(content, images, scope, fallbackName, new DiskRoom(root), progress));
    } catch (InterruptedIOException e) {
      throw EngineException.cancelled("interrupted");
    } catch (ArchiveStream.SourceFailed e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE, "the archive can't be read: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "the archive is damaged: " + e.getMessage(), e);
    }
  }

  private void endLease(Scope scope, String id) {
    boolean interrupted = Thread.interrupted();
    try {
      leases.delete(scope, id);
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "lease of an import not ended lease=" + id, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
