package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs programs with a deadline, their output through files so that nothing blocks. */
final class Commands {
  /** Far more than anything takes; a test that waits so long has failed. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private Commands() {}

  static Result run(Path folder, List<String> command) {
    return run(folder, command, null);
  }

  /** With standard input from a file; null for none. */
  static Result run(Path folder, List<String> command, @Nullable Path input) {
    try {
      Path out = Files.createTempFile(folder, "out", "");
      Path err = Files.createTempFile(folder, "err", "");
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectInput((input == null ? Path.of("/dev/null") : input).toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      boolean ended = process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        process.destroyForcibly();
      }
      byte[] outBytes = Files.readAllBytes(out);
      byte[] errBytes = Files.readAllBytes(err);
      Files.delete(out);
      Files.delete(err);
      Result result =
          new Result(
              String.join(" ", command), ended ? process.exitValue() : -1, outBytes, errBytes);
      if (!ended) {
        throw new AssertionError("no answer within " + PATIENCE + ": " + result);
      }
      return result;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until something is true. */
  static void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!condition.call()) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("not within " + PATIENCE + ": " + what);
        }
        Thread.sleep(20);
      }
    } catch (Exception e) {
      throw new AssertionError("while waiting until " + what, e);
    }
  }
}
