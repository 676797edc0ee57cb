package org.felucca.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a log: the one that is written, and older ones with the suffixes {@code .1}, {@code
 * .2} and so on, the highest the oldest; {@code .gz} behind that if they are compressed. All work
 * on them is done by threads that may wait for the disk.
 */
final class LogFiles {
  private static final String COMPRESSED = ".gz";

  private final Path current;
  private final ExecutorService disk;

  LogFiles(Path current, ExecutorService disk) {
    this.current = current;
    this.disk = disk;
  }

  /** What may be read, the oldest first; of what is there in both forms, the plain one. */
  private List<Path> paths() throws IOException {
    String name = current.getFileName() + ".";
    Path folder = current.toAbsolutePath().getParent();
    Map<Integer, Path> paths = new TreeMap<>(Comparator.reverseOrder());
    if (folder != null) {
      try (Stream<Path> all = Files.list(folder)) {
        for (Path path : (Iterable<Path>) all::iterator) {
          int number = number(name, path);
          if (number > 0) {
            paths.merge(number, path, (one, other) -> isCompressed(one) ? other : one);
          }
        }
      } catch (NoSuchFileException | NotDirectoryException e) {
        return List.of();
      }
    }
    List<Path> sorted = new ArrayList<>(paths.values());
    sorted.add(current);
    return sorted;
  }

  private static int number(String name, Path path) {
    String text = path.getFileName().toString();
    if (!text.startsWith(name)) {
      return 0;
    }
    String digits = text.substring(name.length());
    if (digits.endsWith(COMPRESSED)) {
      digits = digits.substring(0, digits.length() - COMPRESSED.length());
    }
    return digits.matches("[1-9][0-9]{0,3}") ? Integer.parseInt(digits) : 0;
  }

  private boolean isCompressed(Path path) {
    return !path.equals(current) && path.toString().endsWith(COMPRESSED);
  }

  private @Nullable LogPart open(Path path) throws IOException {
    try {
      while (true) {
        long inode = inode(path);
        FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        if (inode == inode(path)) {
          LogPart part = isCompressed(path) ? LogPart.compressed(file) : LogPart.plain(file, inode);
          if (part == null) {
            file.close();
          }
          return part;
        }
        file.close(); // rotated in between
      }
    } catch (NoSuchFileException e) {
      return isCompressed(path) || path.equals(current)
          ? null
          : open(path.resolveSibling(path.getFileName() + COMPRESSED)); // compressed in between
    }
  }

  private static long inode(Path path) throws IOException {
    return LogPart.lowerBits(((Number) Files.getAttribute(path, "unix:ino")).longValue());
  }

  /** The oldest file; null if there is none yet. */
  @Nullable LogPart oldest() throws IOException, InterruptedException {
    return onDisk(
        () -> {
          for (Path path : paths()) {
            LogPart part = open(path);
            if (part != null) {
              return part;
            }
          }
          return null;
        });
  }

  /** The file that is written; null if there is none yet. */
  @Nullable LogPart newest() throws IOException, InterruptedException {
    return onDisk(() -> open(current));
  }

  /** The file of a position, if it is still there. */
  @Nullable LogPart at(long position) throws IOException, InterruptedException {
    long inode = LogPart.inode(position);
    return onDisk(
        () -> {
          for (Path path : paths()) {
            LogPart part = open(path);
            if (part == null) {
              continue;
            }
            if (part.inode() == inode && part.size() >= LogPart.offset(position)) {
              return part;
            }
            part.close();
          }
          return null;
        });
  }

  /** The file that goes on where this one ends; null if this is the one that is written. */
  @Nullable LogPart after(LogPart part) throws IOException, InterruptedException {
    return onDisk(
        () -> {
          try {
            if (part.inode() == inode(current)) {
              return null;
            }
          } catch (NoSuchFileException e) {
            return null; // not begun yet
          }
          LogPart next = null;
          List<Path> paths = paths();
          for (int i = paths.size() - 1; i >= 0; i--) {
            LogPart older = open(paths.get(i));
            if (older == null || older.inode() == part.inode()) {
              if (older != null) {
                older.close();
              }
              if (next != null) {
                break;
              }
              continue;
            }
            if (next != null) {
              next.close();
            }
            next = older;
          }
          return next;
        });
  }

  /** The file before this one; null if there is none. */
  @Nullable LogPart before(LogPart part) throws IOException, InterruptedException {
    return onDisk(
        () -> {
          LogPart previous = null;
          for (Path path : paths()) {
            LogPart next = open(path);
            if (next == null) {
              continue;
            }
            if (next.inode() == part.inode()) {
              next.close();
              return previous;
            }
            if (previous != null) {
              previous.close();
            }
            previous = next;
          }
          if (previous != null) {
            previous.close();
          }
          return null;
        });
  }

  int read(LogPart part, ByteBuffer buffer, long offset) throws IOException, InterruptedException {
    return onDisk(() -> part.read(buffer, offset));
  }

  /** Whether a logger still holds the file that is written; see docs/log-format.md. */
  boolean isWritten() throws IOException, InterruptedException {
    return onDisk(
        () -> {
          try (FileChannel file = FileChannel.open(current, StandardOpenOption.READ);
              FileLock lock = file.tryLock(0, Long.MAX_VALUE, true)) {
            return lock == null;
          } catch (NoSuchFileException e) {
            return false;
          }
        });
  }

  private <T extends @Nullable Object> T onDisk(Callable<T> work)
      throws IOException, InterruptedException {
    Future<T> result = disk.submit(work);
    try {
      return result.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    }
  }
}
