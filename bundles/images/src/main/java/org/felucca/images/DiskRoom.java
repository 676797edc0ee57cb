package org.felucca.images;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/**
 * Looks after the disk while bytes of unknown number come in: an archive may unpack to more than
 * there is room for.
 */
final class DiskRoom {
  private static final long STEP = 32L << 20;
  private static final long MOST_RESERVE = 512L << 20;

  private final Path folder;
  private long sinceCheck = STEP;

  /**
   * @param folder a folder of the disk that the bytes go to
   */
  DiskRoom(Path folder) {
    this.folder = folder;
  }

  /**
   * Says that bytes are about to be stored.
   *
   * @throws EngineException RESOURCE_EXHAUSTED if a fiftieth of the disk (half a gigabyte at most)
   *     is all that would be left
   */
  void take(long bytes) {
    sinceCheck += bytes;
    if (sinceCheck < STEP) {
      return;
    }
    sinceCheck = 0;
    try {
      FileStore store = Files.getFileStore(folder);
      long usable = store.getUsableSpace();
      if (usable < Math.min(store.getTotalSpace() / 50, MOST_RESERVE)) {
        throw new EngineException(
            ErrorKind.RESOURCE_EXHAUSTED,
            "the disk of %s has only %d MB left; remove images or give it more room"
                .formatted(folder, usable >> 20));
      }
    } catch (IOException e) {
      // The store itself will say so when it can't write.
      sinceCheck = 0;
    }
  }
}
