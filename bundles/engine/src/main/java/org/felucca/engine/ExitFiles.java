package org.felucca.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.task.Exit;
import org.jspecify.annotations.Nullable;

/**
 * How containers ended that removed themselves, for clients that lost the engine meanwhile and ask
 * late. In the state folder, for a quarter of an hour.
 */
final class ExitFiles {
  private static final Logger LOG = Logger.getLogger(ExitFiles.class.getName());
  private static final Duration KEPT = Duration.ofMinutes(15);

  private final Path folder;
  private Instant nextSweep = Instant.EPOCH;

  ExitFiles(Path folder) {
    this.folder = folder;
  }

  void keep(TaskKey key, Exit exit) {
    try {
      FileTrees.make(folder);
      Path partial = folder.resolve(name(key) + ".new");
      Files.writeString(partial, exit.status() + " " + exit.at(), StandardCharsets.US_ASCII);
      Files.move(partial, folder.resolve(name(key)), StandardCopyOption.ATOMIC_MOVE);
      sweep();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "exit not kept for late clients container=" + key, e);
    }
  }

  @Nullable Exit find(TaskKey key) {
    try {
      String[] parts =
          Files.readString(folder.resolve(name(key)), StandardCharsets.US_ASCII).split(" ", -1);
      return new Exit(Integer.parseInt(parts[0]), Instant.parse(parts[1]));
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  private static String name(TaskKey key) {
    return key.namespace() + "," + key.id();
  }

  private synchronized void sweep() throws IOException {
    Instant now = Instant.now();
    if (now.isBefore(nextSweep)) {
      return;
    }
    nextSweep = now.plus(KEPT);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        if (Files.getLastModifiedTime(file).toInstant().plus(KEPT).isBefore(now)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }
}
