package org.felucca.updater;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;

/**
 * Which bundle came from which jar of the deploy folder: the file {@code deployed} of the root's
 * folder {@code bundles}.
 */
final class DeployedJars {
  private static final Logger LOG = Logger.getLogger(DeployedJars.class.getName());

  private final Path file;
  private final Map<String, String> names = new TreeMap<>();

  DeployedJars(Path root) {
    this.file = root.resolve("bundles").resolve("deployed");
    try {
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
          int space = line.indexOf(' ');
          if (space > 0) {
            names.put(line.substring(space + 1), line.substring(0, space));
          }
        }
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "file not read, taken as empty file=" + file, e);
    }
  }

  /** The symbolic names by jar. */
  synchronized Map<String, String> all() {
    return Map.copyOf(names);
  }

  synchronized void put(String jar, String symbolicName) {
    names.put(jar, symbolicName);
    write();
  }

  synchronized void remove(String jar) {
    names.remove(jar);
    write();
  }

  private void write() {
    StringBuilder text = new StringBuilder();
    names.forEach((jar, name) -> text.append(name).append(' ').append(jar).append('\n'));
    try {
      Files.createDirectories(file.getParent());
      Path partial = file.resolveSibling("deployed.part");
      Files.writeString(partial, text);
      Files.move(
          partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw EngineException.internal("write " + file + ": " + e.getMessage(), e);
    }
  }
}
