package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.linux.Cgroups;
import org.jspecify.annotations.Nullable;

/** What of this machine's cgroup set-up matters for choosing and describing containers. */
final class HostCgroups {
  private static final Cgroups.Mode MODE = Cgroups.detect().mode();

  private HostCgroups() {}

  /** Whether there is version 2 alone. */
  static boolean unified() {
    return MODE == Cgroups.Mode.UNIFIED;
  }

  /** The set-up in the words of people. */
  static String version() {
    return switch (MODE) {
      case UNIFIED -> "v2";
      case HYBRID -> "hybrid";
      case LEGACY -> "v1";
      case NONE -> "none";
    };
  }

  /** Why crun would refuse this set-up, or null: it takes no controllers in both hierarchies. */
  static @Nullable String problemForCrun() {
    if (MODE != Cgroups.Mode.HYBRID) {
      return null;
    }
    try {
      String controllers =
          Files.readString(Path.of("/sys/fs/cgroup/unified/cgroup.controllers")).strip();
      return controllers.isEmpty()
          ? null
          : "it refuses a hybrid cgroup set-up with controllers in version 2 (" + controllers + ")";
    } catch (IOException e) {
      return null;
    }
  }
}
