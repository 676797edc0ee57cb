package org.felucca.api.container;

import java.nio.file.Path;
import java.util.List;

/**
 * A folder or file of this machine that a container sees.
 *
 * @param source where it is here, absolute
 * @param destination where the container sees it, absolute
 * @param readOnly whether it may only read
 * @param options further mount options, such as {@code rshared}; unmodifiable
 */
public record MountOption(Path source, String destination, boolean readOnly, List<String> options) {
  /** Copies the options. */
  public MountOption {
    options = List.copyOf(options);
  }
}
