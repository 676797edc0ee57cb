package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * An engine of a copy of the distribution, with a root, a state, a configuration and a namespace of
 * its own, and the native client for it. Closing it removes every container and checks that no
 * process, no mount and no cgroup stays.
 */
final class TestEngine implements AutoCloseable {
  private static final Path DISTRIBUTION = Path.of(System.getProperty("felucca.home"));

  private final Path base;
  private final Path home;
  private final String namespace;
  private final TestCgroups cgroups;
  private final List<Running> clients = new ArrayList<>();
  private Path root;
  private Path state;
  private @Nullable Process process;
  private int starts;

  private TestEngine(Path base) {
    this.base = base;
    this.home = base.resolve("home");
    this.root = base.resolve("root");
    this.state = base.resolve("state");
    this.namespace = base.getFileName().toString();
    this.cgroups = TestCgroups.make(namespace);
  }

  /** A running engine that has the image busybox. */
  static TestEngine start() {
    TestEngine engine = prepare();
    engine.startWithBusybox();
    return engine;
  }

  /** A copy of the distribution, with nothing running. */
  static TestEngine prepare() {
    try {
      TestEngine engine =
          new TestEngine(Files.createTempDirectory(Path.of("/var/tmp"), "felucca-it-"));
      // What is only read is linked to; the engine's own folders are there once more.
      Files.createDirectory(engine.home);
      for (String folder : List.of("bin", "bundles", "images", "lib")) {
        Commands.run(
                engine.base,
                List.of("cp", "-rlL", DISTRIBUTION.resolve(folder).toString(), engine.home + "/"))
            .orElse(
                () ->
                    Commands.run(
                        engine.base,
                        List.of(
                            "cp",
                            "-rL",
                            DISTRIBUTION.resolve(folder).toString(),
                            engine.home + "/")))
            .ok();
      }
      Commands.run(
              engine.base,
              List.of("cp", "-r", DISTRIBUTION.resolve("etc").toString(), engine.home + "/"))
          .ok();
      Files.createDirectory(engine.deploy());
      Commands.run(engine.base, List.of("chmod", "700", engine.deploy().toString())).ok();
      return engine;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void startWithBusybox() {
    startEngine();
    felucca("image", "import", home.resolve("images/busybox").toString()).ok();
  }

  /** A folder for the test's own files. */
  Path base() {
    return base;
  }

  Path home() {
    return home;
  }

  Path etc() {
    return home.resolve("etc");
  }

  Path deploy() {
    return home.resolve("deploy");
  }

  Path root() {
    return root;
  }

  Path state() {
    return state;
  }

  /** The namespace of all commands that name none. */
  String namespace() {
    return namespace;
  }

  /** Where the next engine shall live instead. */
  void liveIn(Path otherRoot, Path otherState) {
    root = otherRoot;
    state = otherState;
  }

  private Path log() {
    return base.resolve("feluccad.log");
  }

  /** The engine's command line. */
  List<String> daemon(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                // Not even an idle engine prepares a faster start, and what only soft references
                // hold goes at the next collection, so that a test of leaks does not take it for
                // one.
                "env",
                "_JAVA_OPTIONS=-Dfelucca.aot.wanted= -XX:SoftRefLRUPolicyMSPerMB=0",
                home.resolve("bin/feluccad").toString(),
                "--root",
                root.toString(),
                "--state",
                state.toString(),
                "--log-level",
                "debug"));
    command.addAll(List.of(more));
    return command;
  }

  /** Starts it and waits until it is ready. */
  void startEngine() {
    try {
      starts++;
      Process started =
          new ProcessBuilder(daemon())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
      process = started;
      Commands.await(
          "engine is ready",
          () -> {
            assertTrue(started.isAlive(), this::logText);
            return logText().split(" ready ms=", -1).length > starts;
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All that the engine has logged. */
  String logText() {
    try {
      return Files.exists(log())
          ? new String(Files.readAllBytes(log()), StandardCharsets.UTF_8)
          : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until something is logged behind a position. */
  void awaitLog(int from, String text) {
    Commands.await("the engine logs '" + text + "'", () -> logText().indexOf(text, from) >= 0);
  }

  long pid() {
    return running().pid();
  }

  /** Ends it at once, as a crash does. */
  void kill() {
    Process running = running();
    try {
      // The shell script becomes the JVM by exec, so this is the JVM.
      running.destroyForcibly();
      assertTrue(running.waitFor(30, TimeUnit.SECONDS), "kill -9 ends the engine");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    process = null;
  }

  /** Ends it as a service manager does; returns its exit status. */
  int stopEngine() {
    Process running = running();
    try {
      running.destroy();
      assertTrue(running.waitFor(60, TimeUnit.SECONDS), this::logText);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    process = null;
    return running.exitValue();
  }

  private Process running() {
    Process running = process;
    if (running == null) {
      throw new AssertionError("the engine does not run");
    }
    return running;
  }

  /** The command line of the native client. */
  List<String> client(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "FELUCCA_NAMESPACE=" + namespace,
                "FELUCCA_SOCKET=" + state.resolve("shell.sock"),
                home.resolve("bin/felucca").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  Result felucca(String... arguments) {
    return Commands.run(base, client(arguments));
  }

  /** With a file as standard input. */
  Result feluccaReading(Path input, String... arguments) {
    return Commands.run(base, client(arguments), input);
  }

  /** With its standard output read by a line of shell. */
  Result pipedInto(String reader, String... arguments) {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "\"$@\" | " + reader, "sh"));
    command.addAll(client(arguments));
    return Commands.run(base, command);
  }

  /** A shell in a container that is removed afterwards. */
  Result sh(String script) {
    return felucca("run", "--rm", "busybox", "sh", "-c", script);
  }

  /** Starts a container that goes on in the background; returns its id. */
  String detached(String name, String script) {
    return felucca("run", "-d", "--name", name, "busybox", "sh", "-c", script).line();
  }

  /** A container that prints numbered lines for ever. */
  String counting(String name) {
    return detached(name, "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done");
  }

  /** Starts a client that goes on; its output goes to a file. */
  Running inBackground(String... arguments) {
    Running client = Running.start(base, client(arguments));
    clients.add(client);
    return client;
  }

  /** Starts a client on a terminal of its own. */
  TerminalClient onTerminal(String... arguments) {
    TerminalClient terminal = TerminalClient.open(base, client(arguments));
    clients.add(terminal.client());
    return terminal;
  }

  /** The state of a container, as ps shows it. */
  String status(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary")
        .string("status", "");
  }

  /** Waits until a container is in a state. */
  void awaitStatus(String container, String status) {
    Commands.await(container + " is " + status, () -> status(container).equals(status));
  }

  /** The shim of a container, by the container's whole id. */
  ProcessHandle shimOf(String id) {
    return Machine.shims(base).stream()
        .filter(p -> Machine.commandLine(p.pid()).contains(id))
        .findFirst()
        .orElseThrow();
  }

  /** The version of the task service that the engine has noted of a container's shim. */
  long shimProtocol(String id) {
    Path tasks = state.resolve("io.containerd.runtime.v2.task").resolve(namespace);
    Path intent = tasks.resolve(id).resolve("felucca.json");
    try {
      return Json.object(Files.readAllBytes(intent), intent.toString()).requiredNumber("protocol");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes every container; one that was asked to remove itself may do so meanwhile. */
  void removeContainers() {
    for (String id : felucca("ps", "-aq", "--no-trunc").ok().out().lines().toList()) {
      felucca("rm", "-f", id).gone();
    }
    Commands.await("no container is left", () -> felucca("ps", "-aq").ok().out().isEmpty());
  }

  @Override
  public void close() {
    try {
      clients.forEach(Running::end);
      if (process == null || !process.isAlive()) {
        startEngine();
      }
      removeContainers();
      assertEquals(0, stopEngine(), this::logText);
      Commands.await("every shim has ended", () -> Machine.processes(base).isEmpty());
      assertEquals(List.of(), Machine.mounts(base));
      cgroups.awaitNone();
    } finally {
      endWhatIsLeft();
    }
  }

  private void endWhatIsLeft() {
    clients.forEach(Running::end);
    cgroups.close();
    Machine.endProcesses(base);
    Machine.unmount(base);
    Commands.run(Path.of("/var/tmp"), List.of("rm", "-rf", "--one-file-system", base.toString()));
  }
}
