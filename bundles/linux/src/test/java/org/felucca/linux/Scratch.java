package org.felucca.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder of a test's own, on the disk or on a small private tmpfs, and gone after it. */
final class Scratch implements AutoCloseable {
  private final String path;
  private final boolean mounted;

  private Scratch(boolean mounted, String options) {
    try {
      this.path = Files.createTempDirectory("felucca-linux-").toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.mounted = mounted;
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
    try {
      Files.createDirectories(Path.of(path, below));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return path(below);
  }

  /** Writes a file, and its folder. */
  String file(String below, String content) {
    Path file = Path.of(path, below);
    try {
      Path parent = file.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toString();
  }

  String read(String below) {
    try {
      return Files.readString(Path.of(path, below));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    Mounts.detachBelow(path);
    if (mounted) {
      Mounts.unmountAll(path, Mounts.MNT_DETACH);
    }
    Trees.delete(path);
  }
}
