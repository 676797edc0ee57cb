package org.felucca.api.container;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something that a container sees below its root. */
public sealed interface MountOption {
  /** Where the container sees it, absolute. */
  String destination();

  /**
   * A folder or file of this machine.
   *
   * @param source where it is here, absolute
   * @param destination where the container sees it, absolute
   * @param readOnly whether it may only read
   * @param options further mount options, such as {@code rshared}; unmodifiable
   */
  record Bind(Path source, String destination, boolean readOnly, List<String> options)
      implements MountOption {
    /** Copies the options. */
    public Bind {
      options = List.copyOf(options);
    }
  }

  /**
   * A volume: a folder that the engine keeps. One that is empty is filled at first with what the
   * image has at the destination.
   *
   * @param name its name; made if there is none of that name; null for one without a name, which is
   *     made for this container
   * @param destination where the container sees it, absolute
   * @param readOnly whether it may only read
   * @param copy whether an empty one is filled
   * @param options further mount options; unmodifiable
   */
  record Volume(
      @Nullable String name,
      String destination,
      boolean readOnly,
      boolean copy,
      List<String> options)
      implements MountOption {
    /** Copies the options. */
    public Volume {
      options = List.copyOf(options);
    }
  }

  /**
   * A file system in memory.
   *
   * @param destination where the container sees it, absolute
   * @param size its size in bytes, or null for what the kernel gives
   * @param mode the mode of its root, or null for 1777
   * @param options further mount options; unmodifiable
   */
  record Tmpfs(
      String destination, @Nullable Long size, @Nullable Integer mode, List<String> options)
      implements MountOption {
    /** Copies the options. */
    public Tmpfs {
      options = List.copyOf(options);
    }
  }
}
