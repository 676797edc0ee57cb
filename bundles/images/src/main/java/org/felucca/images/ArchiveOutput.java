package org.felucca.images;

import java.io.IOException;

/** Where the files of an archive go: a tar or a folder. */
interface ArchiveOutput {
  /** Makes a folder; those above it were made before. */
  void folder(String path) throws IOException;

  /** Begins a file of this length, whose bytes go to {@link #write}. */
  void file(String path, long size) throws IOException;

  void write(byte[] bytes, int length) throws IOException;

  /** Ends the archive. */
  void finish() throws IOException;

  /** Writes a whole file. */
  default void file(String path, byte[] bytes) throws IOException {
    file(path, bytes.length);
    write(bytes, bytes.length);
  }
}
