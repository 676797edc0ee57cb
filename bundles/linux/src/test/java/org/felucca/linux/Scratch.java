package org.felucca.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A folder of a test's own, on the disk or on a small private tmpfs, and gone after it. */
final class Scratch implements AutoCloseable {
  private final String path;
  private final boolean mounted;
  private final @Nullable Scratch below;

  private Scratch(boolean mounted, String options) {
    try {
      this.path = Files.createTempDirectory("felucca-linux-").toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.mounted = mounted;
    this.below = null;
    if (mounted) {
      Mounts.mount("tmpfs", "tmpfs", path, List.of(options, "mode=0755", "private"));
    }
  }

  static Scratch onDisk() {
    return new Scratch(false, "");
  }

  static Scratch onTmpfs() {
    return onTmpfs("size=64m");
  }

  static Scratch onTmpfs(String options) {
    return new Scratch(true, options);
  }

  /** A btrfs of its own in a file, by way of a loop device that goes with it. */
  static Scratch onBtrfs() {
    Scratch scratch = new Scratch(true, "size=512m");
    try {
      String image = scratch.file("image", "");
      try (Descriptor file = Descriptor.open(image, OpenFlags.O_RDWR, 0)) {
        FileData.truncate(file, 400L << 20);
        Process mkfs =
            new ProcessBuilder("mkfs.btrfs", "-q", image).redirectErrorStream(true).start();
        String said = new String(mkfs.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (mkfs.waitFor() != 0) {
          throw new IllegalStateException("mkfs.btrfs: " + said);
        }
        try (LoopDevice device = LoopDevice.of(file, false)) {
          Mounts.mount("btrfs", device.path(), scratch.folder("mounted"), List.of("private"));
        }
      }
      return new Scratch(scratch);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw new IllegalStateException(e);
    } catch (RuntimeException e) {
      scratch.close();
      throw e;
    }
  }

  private Scratch(Scratch below) {
    this.path = below.path("mounted");
    this.mounted = false;
    this.below = below;
  }

  String path() {
    return path;
  }

  String path(String below) {
    return path + "/" + below;
  }

  Dir dir() {
    return Dir.open(path);
  }

  /** Makes a folder and its parents. */
  String folder(String below) {
    folders(below).close();
    return path(below);
  }

  private Dir folders(String below) {
    Dir dir = dir();
    for (String name : below.split("/", -1)) {
      if (!name.isEmpty()) {
        try (Dir parent = dir) {
          if (parent.statIfExists(name).isEmpty()) {
            parent.mkdir(name, 0755);
          }
          dir = parent.openDirInRoot(name);
        }
      }
    }
    return dir;
  }

  /** Writes a file, and its folder. */
  String file(String below, String content) {
    int slash = below.lastIndexOf('/');
    int flags = OpenFlags.O_CREAT | OpenFlags.O_TRUNC | OpenFlags.O_WRONLY;
    try (Dir folder = folders(below.substring(0, Math.max(0, slash)));
        Descriptor file = folder.openName(below.substring(slash + 1), flags, 0644)) {
      FileData.write(file, ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)));
    }
    return path(below);
  }

  String read(String below) {
    try (Descriptor file = Descriptor.open(path(below), OpenFlags.O_RDONLY, 0)) {
      return ProcFile.read(file);
    }
  }

  @Override
  public void close() {
    if (below != null) {
      below.close();
      return;
    }
    Mounts.detachBelow(path);
    if (mounted) {
      Mounts.unmountAll(path, Mounts.MNT_DETACH);
    }
    Trees.delete(path);
  }
}
