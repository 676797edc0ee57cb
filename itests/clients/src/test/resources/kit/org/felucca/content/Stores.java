package org.felucca.content;

import java.nio.file.Path;
import org.felucca.api.content.BlobStore;

/** Opens the engine's own store, which is private to its package. */
public final class Stores {
  private Stores() {}

  public static BlobStore open(Path top) {
    return new FileBlobStore(top);
  }

  public static void close(BlobStore store) {
    ((FileBlobStore) store).stop();
  }
}
