package org.felucca.snapshot.erofs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.Epoll;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FsVerity;
import org.felucca.linux.LinuxException;
import org.felucca.linux.LoopDevice;
import org.felucca.linux.Mounts;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.PrivateMount;
import org.felucca.linux.SpawnRequest;
import org.felucca.linux.SpawnResult;
import org.felucca.linux.Spawner;
import org.jspecify.annotations.Nullable;

/** Makes images by mkfs.erofs(1) and mounts them. */
final class ErofsImages implements AutoCloseable {
  private static final List<String> FOLDERS =
      List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");
  private static final Duration DEADLINE = Duration.ofMinutes(30);
  // Only so are holes kept; it makes the building slower, so it is for files that have some.
  private static final String KEEP_HOLES = "--chunksize=4096";
  private static final long HOLES = 1 << 20;
  private static final int SUPERBLOCK = 1024;
  private static final int MAGIC = 0xE0F5E1E2;

  private final Optional<Path> program;
  private final boolean viaLoop;
  private @Nullable Epoll epoll;

  /**
   * Images.
   *
   * @param program mkfs.erofs, if there is one
   * @param viaLoop whether to use loop devices even where the kernel mounts files
   */
  ErofsImages(Optional<Path> program, boolean viaLoop) {
    this.program = program;
    this.viaLoop = viaLoop;
  }

  static Optional<Path> find() {
    return FOLDERS.stream()
        .map(folder -> Path.of(folder, "mkfs.erofs"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Why there can be none: no program. */
  String missing() {
    return program.isPresent()
        ? ""
        : "mkfs.erofs is not on this machine (Debian: apt-get install erofs-utils)";
  }

  /**
   * Makes an image of a folder, on the disk when this returns. The program sees the folder under
   * another path, where no link in it leads anywhere: whoever still writes there can't have other
   * files of this machine read into the image.
   *
   * @param image the path of the image, which must not exist
   */
  void make(Dir folder, String folderPath, String image) {
    List<String> command = new ArrayList<>();
    command.add(program.orElseThrow().toString());
    DiskUsage usage = DiskUsage.of(folder);
    if (usage.length() - usage.bytes() > HOLES) {
      command.add(KEEP_HOLES);
    }
    command.add(image);
    List<PrivateMount.Part> parts =
        List.of(
            new PrivateMount.Part(
                "bind", folderPath, "", List.of("ro", "bind", "nosymfollow", "nodev", "noexec")));
    PrivateMount.with(
        parts,
        path -> {
          command.add(path);
          run(command);
        });
    try (Descriptor file = Descriptor.open(image, OpenFlags.O_RDONLY, 0)) {
      FileData.sync(file);
      // Where there is none, the image is as safe as any other file.
      var _ = FsVerity.enable(file);
    }
  }

  private void run(List<String> command) {
    SpawnResult result;
    try {
      result =
          new Spawner(epoll())
              .run(
                  SpawnRequest.of(command)
                      .withMergedOutput()
                      .withOutputLimit(64 * 1024)
                      .withDeadline(DEADLINE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("mkfs.erofs was ended: the caller gave up");
    }
    if (!result.succeeded()) {
      String said = result.outputText().strip();
      boolean full = said.contains(Errno.ENOSPC.text()) || said.contains("No space left");
      throw new EngineException(
          full ? ErrorKind.RESOURCE_EXHAUSTED : ErrorKind.INTERNAL,
          "mkfs.erofs %s: %s%s"
              .formatted(
                  result.timedOut() ? "was still busy after " + DEADLINE : "failed",
                  said.isEmpty() ? "status " + result.status() : said,
                  full ? "; free some disk and try again" : ""));
    }
  }

  private synchronized Epoll epoll() {
    if (epoll == null) {
      epoll = Epoll.start("felucca-erofs");
    }
    return epoll;
  }

  /** Mounts an image: from the file where the kernel can (Linux 6.12), else by a loop device. */
  void mount(String image, String target) {
    if (!viaLoop) {
      try {
        Mounts.mount("erofs", image, target, List.of("ro"));
        return;
      } catch (LinuxException e) {
        if (!e.is(Errno.ENOTBLK)) {
          throw e;
        }
      }
    }
    try (Descriptor file = Descriptor.open(image, OpenFlags.O_RDONLY, 0);
        LoopDevice device = LoopDevice.of(file, true)) {
      Mounts.mount("erofs", device.path(), target, List.of("ro"));
    }
  }

  /** How many inodes an image has, by its superblock (linux fs/erofs/erofs_fs.h). */
  static long inodes(Descriptor image) {
    ByteBuffer block = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    FileData.pread(image, block, SUPERBLOCK);
    if (block.getInt(0) != MAGIC) {
      throw EngineException.internal(image + " is no erofs image; remove the snapshot", null);
    }
    return block.getLong(16);
  }

  @Override
  public synchronized void close() {
    if (epoll != null) {
      epoll.close();
      epoll = null;
    }
  }
}
