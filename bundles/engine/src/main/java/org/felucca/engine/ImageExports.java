package org.felucca.engine;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.image.ExportOptions;
import org.felucca.api.image.ImageArchives;
import org.felucca.api.image.ImageExportService;
import org.felucca.api.image.ImageService;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Images as people name them, into archives. */
@Component
public final class ImageExports implements ImageExportService {
  private final EnginePaths paths;
  private final ImageService images;
  private final ImageArchives archives;

  /** With the parts below. */
  @Activate
  public ImageExports(
      BundleContext context, @Reference ImageService images, @Reference ImageArchives archives) {
    this.paths = EnginePaths.of(context);
    this.images = images;
    this.archives = archives;
  }

  @Override
  public void exportStream(
      Scope scope,
      List<String> names,
      ExportOptions options,
      OutputStream archive,
      Progress progress) {
    archives.export(scope, fullNames(scope, names), options, archive, progress);
  }

  @Override
  public void exportPath(
      Scope scope,
      List<String> names,
      ExportOptions options,
      Path target,
      boolean folder,
      Progress progress) {
    paths.refuseOwn(target, "export images there");
    if (!folder && Files.isDirectory(target)) {
      throw EngineException.precondition(
          "%s is a folder; name a file, or write %s/ for an OCI layout in it"
              .formatted(target, target));
    }
    archives.exportPath(scope, fullNames(scope, names), options, target, folder, progress);
  }

  private List<String> fullNames(Scope scope, List<String> names) {
    return names.stream().map(name -> images.find(scope, name).name()).distinct().toList();
  }
}
