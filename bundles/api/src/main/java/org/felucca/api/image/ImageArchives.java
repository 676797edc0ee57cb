package org.felucca.api.image;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Images as archives: OCI layouts (a folder or a tar) and what {@code docker save} writes, told
 * apart by their contents.
 */
@ProviderType
public interface ImageArchives {
  /**
   * Brings every image of an archive into the content store and names it.
   *
   * @param archive a tar, perhaps compressed by gzip or zstd; read to its end, not closed
   * @param fallbackName the name of an image that the archive does not name, or null to name it by
   *     its digest
   * @return the images that it holds, in its order
   * @throws EngineException INVALID_ARGUMENT if it is malformed, truncated or of neither kind,
   *     nothing of it is named then; RESOURCE_EXHAUSTED for a full disk or beyond the caps
   */
  List<Image> importStream(
      Scope scope, InputStream archive, @Nullable String fallbackName, Progress progress);

  /** As {@link #importStream}, from a tar file or an OCI layout folder of this machine. */
  List<Image> importPath(
      Scope scope, Path archive, @Nullable String fallbackName, Progress progress);

  /**
   * Writes images as a tar. Every blob is written as it came, byte by byte.
   *
   * @param names which; each must be there with all blobs of the platforms
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT for options that contradict each other
   */
  void export(
      Scope scope,
      List<String> names,
      ExportOptions options,
      OutputStream archive,
      Progress progress);

  /**
   * Writes images as a tar file, which appears whole or not at all, or into a folder.
   *
   * @param target a file, which is replaced, or a folder
   * @param folder whether it is a folder, which is made unless it is there and empty
   * @throws EngineException as {@link #export}; FAILED_PRECONDITION if the folder holds anything;
   *     RESOURCE_EXHAUSTED for a full disk
   */
  void exportPath(
      Scope scope,
      List<String> names,
      ExportOptions options,
      Path target,
      boolean folder,
      Progress progress);
}
