package org.felucca.diff;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.Dir;
import org.felucca.linux.LinuxException;
import org.felucca.linux.PrivateMount;

/** Mounts as a folder that only this bundle sees; nothing is left of them when the process ends. */
final class MountedTree implements AutoCloseable {
  private final AutoCloseable owner;
  private final Dir root;

  private MountedTree(AutoCloseable owner, Dir root) {
    this.owner = owner;
    this.root = root;
  }

  static MountedTree of(List<Mount> mounts) {
    if (mounts.isEmpty()) {
      throw EngineException.invalid("there is nothing to mount");
    }
    try {
      if (isPlainFolder(mounts)) {
        Dir folder = Dir.open(mounts.getFirst().source());
        return new MountedTree(folder, folder);
      }
      List<PrivateMount.Part> parts = new ArrayList<>();
      for (Mount mount : mounts) {
        parts.add(
            new PrivateMount.Part(mount.type(), mount.source(), mount.target(), mount.options()));
      }
      PrivateMount mount = PrivateMount.of(parts);
      return new MountedTree(mount, mount.root());
    } catch (LinuxException e) {
      throw Failures.of("mount the snapshot", e);
    }
  }

  /**
   * As {@link #of}, for reading only: what is being written to elsewhere is not mounted a second
   * time for writing.
   */
  static MountedTree reading(List<Mount> mounts) {
    return of(mounts.stream().map(MountedTree::readOnly).toList());
  }

  private static Mount readOnly(Mount mount) {
    List<String> options = new ArrayList<>(mount.options());
    if (mount.type().equals("overlay")) {
      String upper = null;
      for (String option : mount.options()) {
        if (option.startsWith("upperdir=")) {
          upper = option.substring("upperdir=".length());
        }
      }
      if (upper != null) {
        String above = upper;
        options.removeIf(
            option ->
                option.startsWith("upperdir=")
                    || option.startsWith("workdir=")
                    || option.equals("volatile")
                    || option.equals("rw"));
        options.replaceAll(
            option ->
                option.startsWith("lowerdir=")
                    ? "lowerdir=" + above + ":" + option.substring("lowerdir=".length())
                    : option);
      }
      return new Mount(mount.type(), mount.source(), mount.target(), options);
    }
    if (mount.type().equals("bind") && mount.target().isEmpty()) {
      return mount; // a folder, which is only read
    }
    options.remove("rw");
    if (!options.contains("ro")) {
      options.add("ro");
    }
    return new Mount(mount.type(), mount.source(), mount.target(), options);
  }

  /** A writable bind mount of a folder is that folder; the first layer of an image goes there. */
  private static boolean isPlainFolder(List<Mount> mounts) {
    Mount mount = mounts.getFirst();
    return mounts.size() == 1
        && mount.type().equals("bind")
        && mount.target().isEmpty()
        && List.of("rw", "rbind", "bind").containsAll(mount.options());
  }

  Dir root() {
    return root;
  }

  @Override
  public void close() {
    try {
      owner.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw EngineException.internal("unmount the snapshot: " + e, e);
    }
  }
}
