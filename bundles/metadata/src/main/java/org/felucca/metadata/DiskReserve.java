package org.felucca.metadata;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A file beside the database that holds nothing. On a full disk it is given back, so that what
 * shall be deleted can be deleted: that, too, has to be written down first. Used by the writing
 * thread alone.
 */
final class DiskReserve {
  private static final Logger LOG = Logger.getLogger(DiskReserve.class.getName());
  private static final Duration RETRY = Duration.ofMillis(10);

  private final Path file;
  private final int size;
  private boolean there;
  private long nextTry;

  DiskReserve(Path file, int size) {
    this.file = file;
    this.size = size;
    this.there = Files.exists(file);
    this.nextTry = System.nanoTime();
  }

  /** Gives the room back; false if that was done already. */
  boolean release() {
    if (!there) {
      return false;
    }
    there = false;
    nextTry = System.nanoTime(); // the next change may come when the files are gone
    LOG.log(Level.WARNING, "disk is full, room held back for deletions is used file={0}", file);
    try {
      return Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "room held back on the disk not released file=" + file, e);
      return false;
    }
  }

  /** Takes room again if there is none; after a failure only when some time has passed. */
  void restore() {
    if (there || System.nanoTime() - nextTry < 0) {
      return;
    }
    nextTry = System.nanoTime() + RETRY.toNanos();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.allocate(size);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      there = true;
    } catch (IOException e) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      LOG.log(Level.FINE, "no room to hold back on the disk", e);
    }
  }
}
