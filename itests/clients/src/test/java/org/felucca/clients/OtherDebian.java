package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Programs of other generations than this machine's: containerd, docker and runtimes of another
 * Debian, that run here as the machine's own do. {@code cnf/other-debian} gets them, once for all
 * test runs, and tells which there are.
 */
enum OtherDebian {
  /** containerd 1.6, docker 20.10. */
  BOOKWORM,
  /** containerd 1.7, docker 26.1. */
  TRIXIE,
  /** containerd 2.1, docker 28.5; skopeo. */
  SID;

  /** How long the first call may load and unpack. */
  private static final long PATIENCE_MINUTES = 10;

  private @Nullable Path folder;

  /** The folder of the programs; its name alone on a PATH is enough. */
  synchronized Path bin() {
    Path known = folder;
    if (known == null) {
      known = fetched().resolve("bin");
      folder = known;
    }
    return known;
  }

  /** A program, by its path. */
  String program(String name) {
    Path program = bin().resolve(name);
    if (!Files.isExecutable(program)) {
      throw new AssertionError("cnf/other-debian has no " + name + " for " + this);
    }
    return program.toString();
  }

  private Path fetched() {
    Path script =
        Path.of(System.getProperty("felucca.home"))
            .resolve("../../../cnf/other-debian")
            .normalize();
    try {
      Path told = Files.createTempFile(Path.of("/var/tmp"), "felucca-it-", ".debian");
      Path complaint = Files.createTempFile(Path.of("/var/tmp"), "felucca-it-", ".debian");
      try {
        Process process =
            new ProcessBuilder(script.toString(), name().toLowerCase(java.util.Locale.ROOT))
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(told.toFile())
                .redirectError(complaint.toFile())
                .start();
        if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
          process.destroy();
          throw new AssertionError(script + " did not end within " + PATIENCE_MINUTES + " min");
        }
        if (process.exitValue() != 0) {
          throw new AssertionError(script + ": " + Files.readString(complaint));
        }
        return Path.of(Files.readString(told).strip());
      } finally {
        Files.delete(told);
        Files.delete(complaint);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A PATH with these folders before its own. */
  static String first(List<Path> folders, @Nullable String path) {
    StringBuilder all = new StringBuilder();
    folders.forEach(folder -> all.append(folder).append(':'));
    return all.append(path == null ? "/usr/sbin:/usr/bin:/sbin:/bin" : path).toString();
  }
}
