package org.felucca.snapshot.base;

import java.util.Optional;
import org.felucca.linux.Dir;
import org.felucca.linux.FileStat;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.Xattrs;

/** The folder that shows as the root of a snapshot's file system. */
public final class RootFolders {
  private RootFolders() {}

  /**
   * Makes an empty one.
   *
   * @param like the one that it begins as, if any: its owner, mode, attributes and times
   */
  public static void make(Dir snapshot, String name, Optional<Dir> like) {
    snapshot.mkdir(name, 0700);
    try (Dir files = snapshot.enter(name)) {
      InodeAttributes.chmod(files.descriptor(), 0755);
      like.ifPresent(from -> copyAttributes(from, files));
    }
  }

  private static void copyAttributes(Dir from, Dir to) {
    FileStat stat = from.stat();
    InodeAttributes.chown(to.descriptor(), stat.uid(), stat.gid());
    for (String name : Xattrs.list(from.descriptor())) {
      if (!name.startsWith("trusted.overlay.") && !name.startsWith("user.overlay.")) {
        Optional<byte[]> value = Xattrs.get(from.descriptor(), name);
        if (value.isPresent()) {
          Xattrs.set(to.descriptor(), name, value.get(), 0);
        }
      }
    }
    InodeAttributes.chmod(to.descriptor(), stat.permissions());
    InodeAttributes.setTimes(to.descriptor(), stat.accessed(), stat.modified());
  }
}
