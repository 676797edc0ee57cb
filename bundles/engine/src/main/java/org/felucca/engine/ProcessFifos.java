package org.felucca.engine;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.Attachment;
import org.felucca.api.task.ProcessIo;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.Fifos;
import org.felucca.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The fifos of one process, in a folder of their own. The shim (or the logger behind it) holds one
 * side, the native client opens the other.
 */
record ProcessFifos(Path folder, boolean stdin, boolean terminal) {
  private static final List<String> INNER = List.of("logged-stdout", "logged-stderr");

  /** Makes what is missing. */
  ProcessFifos make() {
    try {
      FileTrees.make(folder);
      try (Dir dir = Dir.open(folder.toString())) {
        if (stdin) {
          fifo(dir, "stdin");
        }
        fifo(dir, "stdout");
        if (!terminal) {
          fifo(dir, "stderr");
        }
      }
      return this;
    } catch (IOException | LinuxException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "make the fifos in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static void fifo(Dir dir, String name) {
    try {
      Fifos.make(dir, name, 0600);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  boolean made() {
    return Files.exists(folder.resolve("stdout"));
  }

  Attachment attachment() {
    return new Attachment(path("stdin"), path("stdout"), path("stderr"), terminal);
  }

  /** The process reads and writes the fifos themselves. */
  ProcessIo direct() {
    return new ProcessIo(text("stdin"), text("stdout"), text("stderr"), terminal);
  }

  /**
   * The process writes to the logger, which keeps a log and passes on to the fifos whenever
   * somebody reads them.
   *
   * @param arguments the logger's
   */
  ProcessIo logged(Path logger, Map<String, String> arguments) {
    StringBuilder uri = new StringBuilder("binary://").append(logger);
    char separator = '?';
    for (Map.Entry<String, String> argument : arguments.entrySet()) {
      if (!argument.getValue().isEmpty()) {
        uri.append(separator).append(encode(argument.getKey())).append('=');
        uri.append(encode(argument.getValue()));
        separator = '&';
      }
    }
    return new ProcessIo(text("stdin"), uri.toString(), terminal ? "" : uri.toString(), terminal);
  }

  /**
   * The process reads its input itself, and writes to further fifos, which the logger reads. They
   * are made anew, so that a logger that waits at the old ones in vain gives up.
   */
  ProcessIo makeInner() {
    make();
    try (Dir dir = Dir.open(folder.toString())) {
      for (String name : INNER) {
        if (dir.statIfExists(name).isPresent()) {
          dir.unlink(name);
        }
        Fifos.make(dir, name, 0600);
      }
    } catch (LinuxException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "make the fifos in " + folder + ": " + e.getMessage(), e);
    }
    return new ProcessIo(
        text("stdin"),
        folder.resolve(INNER.getFirst()).toString(),
        folder.resolve(INNER.getLast()).toString(),
        false);
  }

  /** Takes the further fifos away: the logger that waits at them ends. */
  void dropInner() {
    try {
      for (String name : INNER) {
        Files.deleteIfExists(folder.resolve(name));
      }
    } catch (IOException e) {
      // They go with the folder.
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** The path of one of them; empty if there is none. */
  String text(String name) {
    String path = path(name);
    return path == null ? "" : path;
  }

  private @Nullable String path(String name) {
    boolean there =
        switch (name) {
          case "stdin" -> stdin;
          case "stderr" -> !terminal;
          default -> true;
        };
    return there ? folder.resolve(name).toString() : null;
  }
}
