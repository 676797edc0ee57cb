package org.felucca.itest;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One run of bin/feluccad, with folders of its own; closing it kills what still runs. */
final class Feluccad implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final Path log;

  private Feluccad(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts a distribution below a folder: root in r, state in s.
   *
   * @param prefix what the command line begins with, for a wrapper
   */
  static Feluccad start(Path home, Path folder, List<String> prefix, String... more)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(home.resolve("bin/feluccad").toString());
    command.addAll(List.of("--root", folder.resolve("r").toString()));
    command.addAll(List.of("--state", folder.resolve("s").toString()));
    command.addAll(List.of(more));
    Path log = Files.createTempFile(folder, "log", "");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    return new Feluccad(builder.start(), log);
  }

  static Feluccad start(Path home, Path folder, String... more) throws IOException {
    return start(home, folder, List.of(), more);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  Feluccad awaitLog(String text) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!log().contains(text)) {
      if (!process.isAlive() && !log().contains(text)) {
        fail("ended with " + process.exitValue() + " before it said '" + text + "': " + log());
      }
      if (System.nanoTime() > deadline) {
        fail("did not say '" + text + "': " + log());
      }
      Thread.sleep(20);
    }
    return this;
  }

  Feluccad awaitReady() throws IOException, InterruptedException {
    return awaitLog(" ready ms=");
  }

  /** Its exit status, once it has ended by itself or by a signal. */
  int awaitEnd() throws InterruptedException, IOException {
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), log());
    return process.exitValue();
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
