package org.felucca.launcher;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the JVM's AOT cache of this distribution in the background, so that later starts are
 * faster: a second engine with folders of its own starts, stops, and leaves the cache behind.
 * bin/feluccad names the file that it looked for and did not find; a change of the JDK, of the jars
 * or of the flags gives another name.
 */
final class Rehearsal {
  /**
   * Where the cache is wanted; not set when it is there, or when the distribution can't be written.
   */
  static final String PROPERTY = "felucca.aot.wanted";

  private static final Logger LOG = Logger.getLogger(Rehearsal.class.getName());
  private static final int TIMEOUT_SECONDS = 120;

  private final Path cache;
  private final Path home;
  private final Path scratch;
  private volatile @Nullable Process process;

  /**
   * @param cache the file to make
   * @param home the distribution
   * @param scratch a folder in which the rehearsing engine lives; removed afterwards
   */
  Rehearsal(Path cache, Path home, Path scratch) {
    this.cache = cache;
    this.home = home;
    this.scratch = scratch;
  }

  /** Starts it at low priority, unless the engine ends before the delay is over. */
  void start(long delaySeconds) {
    Thread.ofPlatform()
        .name("felucca-rehearsal")
        .daemon()
        .start(
            () -> {
              try {
                TimeUnit.SECONDS.sleep(delaySeconds);
                run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (IOException | StartException e) {
                LOG.log(
                    Level.WARNING, "no AOT cache was made, starts stay slower file=" + cache, e);
              }
            });
  }

  private void run() throws IOException, InterruptedException, StartException {
    Path unfinished =
        cache.resolveSibling(cache.getFileName() + "." + ProcessHandle.current().pid());
    Engine.emptied(scratch);
    long from = System.nanoTime();
    try {
      Process started =
          new ProcessBuilder(command(unfinished))
              .redirectErrorStream(true)
              .redirectOutput(scratch.resolve("log").toFile())
              .start();
      process = started;
      started.getOutputStream().close();
      boolean ended = started.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!ended || started.exitValue() != 0 || !Files.exists(unfinished)) {
        started.destroyForcibly().waitFor();
        throw new IOException(
            "the rehearsal "
                + (ended ? "ended with status " + started.exitValue() : "hung")
                + ": "
                + lastLine());
      }
      Files.move(unfinished, cache, StandardCopyOption.ATOMIC_MOVE);
      removeOlder();
    } finally {
      process = null;
      Files.deleteIfExists(unfinished);
      removeScratch();
    }
    LOG.log(
        Level.INFO,
        "AOT cache made, the next start is faster file={0} ms={1}",
        new Object[] {cache, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from)});
  }

  /** This JVM's own command line up to the jar, so that the flags are the same. */
  private List<String> command(Path output) throws IOException {
    ProcessHandle.Info self = ProcessHandle.current().info();
    String java =
        self.command().orElseThrow(() -> new IOException("the JVM does not know its own path"));
    List<String> command = new ArrayList<>(List.of("nice", "-n", "19", java));
    for (String argument :
        self.arguments()
            .orElseThrow(() -> new IOException("the JVM does not know its arguments"))) {
      if (argument.equals("-jar")) {
        break;
      }
      if (!argument.startsWith("-D" + PROPERTY)) {
        command.add(argument);
      }
    }
    command.add("-XX:AOTCacheOutput=" + output);
    command.addAll(
        List.of("-jar", home.resolve("lib/felucca-launcher.jar").toString(), "--rehearse"));
    command.addAll(List.of("--root", scratch.resolve("root").toString()));
    command.addAll(List.of("--state", scratch.resolve("s").toString()));
    return command;
  }

  private String lastLine() throws IOException {
    List<String> lines = Files.readAllLines(scratch.resolve("log"));
    return lines.isEmpty() ? "it said nothing" : lines.getLast();
  }

  private void removeOlder() throws IOException {
    Path folder = cache.getParent();
    if (folder == null) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.aot")) {
      for (Path file : files) {
        if (!file.equals(cache)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private void removeScratch() throws IOException {
    try (Stream<Path> tree = Files.walk(scratch)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  /** Ends a rehearsal that is going on, because the engine ends. */
  void stop() {
    Process running = process;
    if (running != null) {
      running.descendants().forEach(ProcessHandle::destroyForcibly);
      running.destroyForcibly();
    }
  }
}
