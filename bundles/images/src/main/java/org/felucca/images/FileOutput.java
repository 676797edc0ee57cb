package org.felucca.images;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.felucca.api.EngineException;

/**
 * A file that appears under its name when it is whole and on the disk; until then, and if that
 * never comes, what was there before stays. A device or a fifo is written to as it is.
 */
final class FileOutput implements AutoCloseable {
  private static final int BUFFER = 256 << 10;

  private final Path target;
  private final Path written;
  private final FileOutputStream file;
  private final OutputStream stream;
  private boolean done;

  private FileOutput(Path target, Path written, FileOutputStream file) {
    this.target = target;
    this.written = written;
    this.file = file;
    this.stream = new BufferedOutputStream(file, BUFFER);
  }

  /**
   * Opens a file for writing.
   *
   * @throws EngineException NOT_FOUND if its folder is not there; FAILED_PRECONDITION if it is a
   *     folder itself
   */
  static FileOutput open(Path path) throws IOException {
    Path target = Files.isSymbolicLink(path) && Files.exists(path) ? path.toRealPath() : path;
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw EngineException.precondition(target + " is a folder; name a file");
    }
    if (!Files.isDirectory(folder)) {
      throw EngineException.notFound("the folder %s is not there; make it first".formatted(folder));
    }
    boolean plain = !Files.exists(target) || Files.isRegularFile(target);
    Path written =
        plain ? folder.resolve("." + target.getFileName() + ".part-" + UUID.randomUUID()) : target;
    return new FileOutput(target, written, new FileOutputStream(written.toFile()));
  }

  /** What takes its bytes. */
  OutputStream stream() {
    return stream;
  }

  /** Puts it in its place. */
  void finish() throws IOException {
    stream.flush();
    if (!written.equals(target)) {
      file.getFD().sync();
      stream.close();
      Files.move(written, target, StandardCopyOption.ATOMIC_MOVE);
    }
    done = true;
  }

  @Override
  public void close() throws IOException {
    try {
      file.close();
    } finally {
      if (!done && !written.equals(target)) {
        Files.deleteIfExists(written);
      }
    }
  }
}
