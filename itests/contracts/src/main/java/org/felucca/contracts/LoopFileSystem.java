package org.felucca.contracts;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.linux.Descriptor;
import org.felucca.linux.FileData;
import org.felucca.linux.LoopDevice;
import org.felucca.linux.Mounts;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.Trees;

/**
 * A file system of its own for a test, in a file and mounted by way of a loop device. Both go with
 * {@link #close}; the device also goes when the test is killed and the mount is gone.
 */
public final class LoopFileSystem implements AutoCloseable {
  private final Path top;
  private final Path mounted;
  private int folders;

  private LoopFileSystem(Path top, Path mounted) {
    this.top = top;
    this.mounted = mounted;
  }

  /**
   * Makes and mounts one.
   *
   * @param type such as {@code btrfs}; there must be a mkfs of it
   * @param mebibytes its size
   */
  public static LoopFileSystem make(String type, int mebibytes) {
    try {
      Path top = Files.createTempDirectory("felucca-" + type + "-");
      LoopFileSystem made = new LoopFileSystem(top, Files.createDirectory(top.resolve("mounted")));
      try {
        made.mount(type, mebibytes);
        return made;
      } catch (IOException | InterruptedException | RuntimeException e) {
        made.close();
        throw e;
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("make a " + type + ": " + e, e);
    }
  }

  private void mount(String type, int mebibytes) throws IOException, InterruptedException {
    String image = top.resolve("image").toString();
    int flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT;
    try (Descriptor file = Descriptor.open(image, flags, 0600)) {
      FileData.truncate(file, (long) mebibytes << 20);
      List<String> command = new ArrayList<>(List.of("mkfs." + type, "-q", image));
      Process mkfs = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(mkfs.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (mkfs.waitFor() != 0) {
        throw new IOException(String.join(" ", command) + ": " + said);
      }
      try (LoopDevice device = LoopDevice.of(file, false)) {
        Mounts.mount(type, device.path(), mounted.toString(), List.of("private"));
      }
    }
  }

  /** Where it is mounted. */
  public Path path() {
    return mounted;
  }

  /** A new folder in it. */
  public Path folder() {
    try {
      return Files.createDirectory(mounted.resolve("folder" + folders++));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    Mounts.detachBelow(top.toString());
    Trees.delete(top.toString());
  }
}
