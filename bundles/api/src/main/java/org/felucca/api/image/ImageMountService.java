package org.felucca.api.image;

import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The files of images, shown in folders of this machine: read-only, without devices and set-user-id
 * programs. A mount outlives the engine; what a crash or a reboot leaves of one is taken away at
 * the next start.
 */
@ProviderType
public interface ImageMountService {
  /**
   * Mounts an image, unpacked first if need be.
   *
   * @param image as {@link ImageService#find} takes it
   * @param platform which of its variants, or null for this machine's
   * @param snapshotter the name of a snapshotter, or null for the default
   * @param folder an empty folder
   * @throws EngineException NOT_FOUND for image or folder; FAILED_PRECONDITION if the folder holds
   *     anything, is a mount point already, or is the engine's own
   */
  MountedImage mount(
      Scope scope,
      String image,
      @Nullable Platform platform,
      @Nullable String snapshotter,
      Path folder,
      Progress progress);

  /** What is mounted from this namespace, by folder. */
  List<MountedImage> list(Scope scope);

  /**
   * Takes a mount away, and the view below it.
   *
   * @param folder as it was mounted
   * @param force also while somebody works in it; they keep the files that they have open
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if it is in use and not {@code force}
   */
  void unmount(Scope scope, Path folder, boolean force);
}
