package org.felucca.diff;

import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_NOFOLLOW;
import static org.felucca.linux.OpenFlags.O_PATH;
import static org.felucca.linux.OpenFlags.O_RDONLY;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileSystemInfo;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;

/**
 * Writes a part of a tree as an archive, in the order of names. Mounts in it are entered, but for
 * those in which the kernel shows itself. What goes meanwhile is left out.
 */
final class TreePacker {
  /** proc, sysfs, devpts, mqueue, securityfs, debugfs, tracefs, bpf and the cgroups. */
  private static final Set<Long> KERNEL =
      Set.of(
          0x9fa0L,
          0x62656572L,
          0x1cd1L,
          0x19800202L,
          0x73636673L,
          0x64626720L,
          0x74726163L,
          0xcafe4a11L,
          FileSystemInfo.CGROUP,
          FileSystemInfo.CGROUP2);

  private final TarWriter tar;
  private final Runnable check;
  private final Map<Inode, String> written = new HashMap<>();

  private record Inode(DeviceNumber device, long number) {}

  /**
   * @param check run often, to give up by throwing
   */
  TreePacker(TarWriter tar, Runnable check) {
    this.tar = tar;
    this.check = check;
  }

  /**
   * Writes what is at a path.
   *
   * @param name what its entry is called; empty to write only what is in the folder
   */
  void pack(Dir root, String path, String name) {
    boolean follow = path.endsWith("/") || path.endsWith("/.") || name.isEmpty();
    try (Descriptor file = root.openInRoot(path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0)) {
      FileStat stat = file.stat();
      if (!name.isEmpty()) {
        entry(file, stat, name);
      } else if (stat.type() == FileType.DIRECTORY) {
        folder(file, stat, "");
      } else {
        throw EngineException.invalid(Identifiers.quote(path) + " is no folder");
      }
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        throw EngineException.notFound("there is no " + Identifiers.quote(path));
      }
      throw e;
    }
  }

  private void entry(Descriptor file, FileStat stat, String name) {
    if (stat.type() == FileType.SOCKET) {
      return;
    }
    if (stat.type() == FileType.DIRECTORY) {
      tar.entry(name, stat, "", LayerXattrs.get(file), null);
      folder(file, stat, name + "/");
      return;
    }
    if (stat.links() > 1) {
      String first = written.putIfAbsent(new Inode(stat.device(), stat.inode()), name);
      if (first != null) {
        tar.entry(name, stat, first, Map.of(), null);
        return;
      }
    }
    Map<String, byte[]> xattrs = LayerXattrs.get(file);
    switch (stat.type()) {
      case REGULAR -> {
        try (Descriptor content = file.reopen(O_RDONLY)) {
          tar.entry(name, content.stat(), "", xattrs, content);
        }
      }
      case SYMLINK -> tar.entry(name, stat, Dir.readlink(file), xattrs, null);
      default -> tar.entry(name, stat, "", xattrs, null);
    }
  }

  private void folder(Descriptor file, FileStat stat, String prefix) {
    if (stat.mountRoot() && KERNEL.contains(FileSystemInfo.of(file).magic())) {
      return;
    }
    try (Dir dir = Dir.of(file.reopen(O_RDONLY | O_DIRECTORY))) {
      List<String> names = new ArrayList<>();
      dir.forEach(entry -> names.add(entry.name()));
      names.sort(null);
      for (String name : names) {
        check.run();
        try (Descriptor child = dir.openPath(name)) {
          entry(child, child.stat(), prefix + name);
        } catch (LinuxException e) {
          if (!e.is(Errno.ENOENT)) {
            throw e;
          }
        }
      }
    }
  }
}
