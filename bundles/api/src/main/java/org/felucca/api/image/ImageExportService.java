package org.felucca.api.image;

import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** Images that leave the engine as archives, every blob as it came. */
@ProviderType
public interface ImageExportService {
  /**
   * Writes images as a tar; see {@link ImageArchives#export}.
   *
   * @param images as {@link ImageService#find} takes them
   * @throws EngineException NOT_FOUND; DATA_LOSS if a blob is damaged
   */
  void exportStream(
      Scope scope,
      List<String> images,
      ExportOptions options,
      OutputStream archive,
      Progress progress);

  /** Writes images into a file or a folder; see {@link ImageArchives#exportPath}. */
  void exportPath(
      Scope scope,
      List<String> images,
      ExportOptions options,
      Path target,
      boolean folder,
      Progress progress);
}
