package org.felucca.api.container;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a container sees beside its root file system.
 *
 * @param mounts folders, volumes and file systems in memory; unmodifiable
 * @param volumesFrom containers whose mounts it gets as well, each {@code NAME[:ro]}; unmodifiable
 * @param shmSize the size of /dev/shm in bytes, or null for 64 MiB
 */
public record StorageOptions(
    List<MountOption> mounts, List<String> volumesFrom, @Nullable Long shmSize) {
  /** Nothing. */
  public static final StorageOptions NONE = new StorageOptions(List.of(), List.of(), null);

  /** Copies the collections. */
  public StorageOptions {
    mounts = List.copyOf(mounts);
    volumesFrom = List.copyOf(volumesFrom);
  }
}
