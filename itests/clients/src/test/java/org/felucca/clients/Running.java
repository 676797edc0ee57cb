package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that goes on while a test does something else. */
final class Running {
  private final String command;
  private final Process process;
  private final Path out;
  private final Path err;

  private Running(String command, Process process, Path out, Path err) {
    this.command = command;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  static Running start(Path folder, List<String> command) {
    try {
      Path out = Files.createTempFile(folder, "out", "");
      Path err = Files.createTempFile(folder, "err", "");
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      return new Running(String.join(" ", command), process, out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its standard input. */
  void type(String text) {
    try {
      process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void endInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  void signal(String name) {
    Commands.run(Path.of("/var/tmp"), List.of("kill", "-" + name, Long.toString(process.pid())))
        .ok();
  }

  String out() {
    return now().out();
  }

  /** Waits until its output holds a text. */
  void awaitOut(String text) {
    Commands.await("'" + text + "' in " + now(), () -> out().contains(text));
  }

  /** Waits until some more lines have come. */
  void awaitMoreLines(long count) {
    long wanted = lines() + count;
    Commands.await(count + " more lines in " + now().command(), () -> lines() >= wanted);
  }

  private long lines() {
    return out().lines().count();
  }

  /** What it has written so far; its status if it has ended, else -1. */
  Result now() {
    try {
      return new Result(
          command,
          process.isAlive() ? -1 : process.exitValue(),
          Files.readAllBytes(out),
          Files.readAllBytes(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it has ended by itself. */
  Result await() {
    try {
      boolean ended = process.waitFor(Commands.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertTrue(ended, () -> "did not end: " + now());
      return now();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends it, if it has not ended. */
  void end() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
