package org.felucca.api.snapshot;

import java.util.List;

/**
 * One mount(2), literally; later ones of a list go over earlier ones.
 *
 * @param type the file system, such as {@code overlay} or {@code bind}
 * @param source the device or folder
 * @param target where below the mount point, relative; empty for the mount point itself
 * @param options the options as in fstab, such as {@code ro} or {@code lowerdir=...}; unmodifiable
 */
public record Mount(String type, String source, String target, List<String> options) {
  /** Copies the options. */
  public Mount {
    options = List.copyOf(options);
  }
}
