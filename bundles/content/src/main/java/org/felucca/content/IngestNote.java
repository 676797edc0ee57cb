package org.felucca.content;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import org.felucca.api.EngineException;
import org.felucca.api.content.Digest;
import org.felucca.api.content.IngestStatus;
import org.jspecify.annotations.Nullable;

/**
 * What the file {@code about} of an ingest says: three lines, and the reference after them.
 *
 * @param ref the reference
 * @param total how many bytes it will hold; 0 if not known
 * @param expected its digest, or null if not known
 * @param startedAt when it was first opened
 */
record IngestNote(String ref, long total, @Nullable Digest expected, Instant startedAt) {

  static final String ABOUT = "about";
  static final String DATA = "data";

  /** The longest reference, in characters. */
  static final int LONGEST_REF = 4096;

  /** Puts the note beside the data; a crash may leave it cut short, which {@link #read} finds. */
  void write(Path folder) throws IOException {
    Path about = folder.resolve(ABOUT);
    Files.writeString(
        about,
        total + "\n" + (expected == null ? "" : expected) + "\n" + startedAt + "\n" + ref,
        UTF_8);
    Files.setPosixFilePermissions(about, Folders.FILE);
  }

  /**
   * Reads the note of an ingest's folder.
   *
   * @throws IOException if there is none, or it is not what {@link #write} made for this folder
   */
  static IngestNote read(Path folder) throws IOException {
    Path about = folder.resolve(ABOUT);
    if (Files.size(about) > 4L * LONGEST_REF + 1024) {
      throw new IOException(about + " is too large");
    }
    String[] lines = Files.readString(about, UTF_8).split("\n", 4);
    try {
      if (lines.length == 4) {
        IngestNote note =
            new IngestNote(
                lines[3],
                Long.parseLong(lines[0]),
                lines[1].isEmpty() ? null : Digest.parse(lines[1]),
                Instant.parse(lines[2]));
        if (folder.endsWith(Digest.sha256(note.ref.getBytes(UTF_8)).hex())) {
          return note;
        }
      }
    } catch (NumberFormatException | DateTimeException | EngineException e) {
      throw new IOException(about + " is damaged: " + e.getMessage(), e);
    }
    throw new IOException(about + " is damaged");
  }

  IngestStatus status(long offset, Instant updatedAt) {
    return new IngestStatus(ref, offset, total, expected, startedAt, updatedAt);
  }
}
