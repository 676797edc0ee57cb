package org.felucca.diff;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.Dir;
import org.jspecify.annotations.Nullable;

/**
 * The folder in which overlayfs keeps what a snapshot changes of those below it. What is not in
 * there need not be compared.
 */
final class UpperFolder implements AutoCloseable {
  private final @Nullable Dir dir;

  private UpperFolder(@Nullable Dir dir) {
    this.dir = dir;
  }

  /** Finds it, if {@code upper} is an overlay over exactly the folders that {@code lower} shows. */
  static UpperFolder of(List<Mount> lower, List<Mount> upper) {
    if (lower.size() != 1 || upper.size() != 1 || !upper.getFirst().type().equals("overlay")) {
      return new UpperFolder(null);
    }
    String layers = option(upper.getFirst(), "lowerdir=");
    String changes = option(upper.getFirst(), "upperdir=");
    Mount before = lower.getFirst();
    String shown =
        switch (before.type()) {
          case "bind" -> before.source();
          case "overlay" -> String.join(":", folders(before));
          default -> "";
        };
    boolean plain = layers != null && changes != null && !(layers + changes).contains("\\");
    return new UpperFolder(
        plain && changes != null && shown.equals(layers) ? Dir.open(changes) : null);
  }

  private static List<String> folders(Mount overlay) {
    List<String> folders = new ArrayList<>();
    for (String key : List.of("upperdir=", "lowerdir=")) {
      String value = option(overlay, key);
      if (value != null) {
        folders.add(value);
      }
    }
    return folders;
  }

  private static @Nullable String option(Mount mount, String key) {
    for (String option : mount.options()) {
      if (option.startsWith(key)) {
        return option.substring(key.length());
      }
    }
    return null;
  }

  @Nullable Dir dir() {
    return dir;
  }

  @Override
  public void close() {
    if (dir != null) {
      dir.close();
    }
  }
}
