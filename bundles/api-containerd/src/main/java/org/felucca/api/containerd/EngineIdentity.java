package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/** Who this engine is: a UUID that belongs to its root, kept as long as the root is. */
final class EngineIdentity {
  private EngineIdentity() {}

  /**
   * The UUID of a root, made at the first call; a file that holds none is made anew.
   *
   * @throws EngineException INTERNAL if the file can be neither read nor written
   */
  static String of(Path root) {
    Path file = root.resolve("uuid");
    try {
      String known = read(file);
      return known == null ? make(file) : known;
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.INTERNAL, "the engine's UUID can't be kept in " + file + ": " + e, e);
    }
  }

  private static @Nullable String read(Path file) throws IOException {
    try {
      return UUID.fromString(Files.readString(file, US_ASCII).strip()).toString();
    } catch (NoSuchFileException | IllegalArgumentException e) {
      return null;
    }
  }

  private static String make(Path file) throws IOException {
    String uuid = UUID.randomUUID().toString();
    Path fresh = Files.createTempFile(file.toAbsolutePath().getParent(), "uuid", ".new");
    Files.writeString(fresh, uuid + "\n", US_ASCII);
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    return uuid;
  }
}
