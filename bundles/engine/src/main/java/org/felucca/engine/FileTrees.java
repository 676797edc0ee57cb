package org.felucca.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.linux.Dir;
import org.felucca.linux.LinuxException;
import org.felucca.linux.Trees;

/** Folders of the engine, made and taken away. */
final class FileTrees {
  private FileTrees() {}

  /**
   * Deletes a folder and what is in it; follows no link, crosses no mount; quiet if it is not
   * there.
   */
  static void delete(Path folder) {
    Path parent = folder.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      return;
    }
    try (Dir dir = Dir.open(parent.toString())) {
      Trees.delete(dir, folder.getFileName().toString());
    } catch (LinuxException e) {
      throw EngineException.internal("delete " + folder + ": " + e.getMessage(), e);
    }
  }
}
