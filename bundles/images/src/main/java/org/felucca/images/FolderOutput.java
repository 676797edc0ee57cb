package org.felucca.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Writes an archive's files into a folder; takes away what it made unless it gets to its end. */
final class FolderOutput implements ArchiveOutput, AutoCloseable {
  private final Path folder;
  private final Deque<Path> made = new ArrayDeque<>();
  private @Nullable FileChannel open;
  private boolean finished;

  private FolderOutput(Path folder) {
    this.folder = folder;
  }

  /**
   * Opens a folder that is empty, or makes it.
   *
   * @throws EngineException FAILED_PRECONDITION if something is in it, or it is no folder
   */
  static FolderOutput open(Path folder) throws IOException {
    FolderOutput output = new FolderOutput(folder);
    if (!Files.exists(folder)) {
      Files.createDirectory(folder);
      output.made.push(folder);
      return output;
    }
    if (!Files.isDirectory(folder)) {
      throw EngineException.precondition(folder + " is there and no folder; name another one");
    }
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent()) {
        throw EngineException.precondition(
            folder + " is not empty; name an empty folder, or one that is not there yet");
      }
    }
    return output;
  }

  @Override
  public void folder(String path) throws IOException {
    end();
    made.push(Files.createDirectory(folder.resolve(path)));
  }

  @Override
  public void file(String path, long size) throws IOException {
    end();
    Path file = folder.resolve(path);
    open = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    made.push(file);
  }

  @Override
  public void write(byte[] bytes, int length) throws IOException {
    FileChannel file = open;
    if (file == null) {
      throw new IllegalStateException("no file is open");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
  }

  @Override
  public void finish() throws IOException {
    end();
    finished = true;
  }

  private void end() throws IOException {
    FileChannel file = open;
    if (file != null) {
      open = null;
      file.force(true);
      file.close();
    }
  }

  @Override
  public void close() throws IOException {
    end();
    if (!finished) {
      for (Path path : made) {
        try {
          Files.deleteIfExists(path);
        } catch (IOException e) {
          throw new UncheckedIOException("take away " + path, e);
        }
      }
    }
  }
}
