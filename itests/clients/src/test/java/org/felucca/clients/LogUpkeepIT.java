package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of logs that grow old, and of a logger that is killed. */
class LogUpkeepIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static String numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> i + "\n").collect(Collectors.joining());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cri", "json-file"})
  void olderFiles_areCompressed_andReadAsBefore(String driver) {
    String name = "old-" + driver;
    felucca(
            "run",
            "-d",
            "--name",
            name,
            "--log-driver",
            driver,
            "--log-opt",
            "max-size=100k",
            "--log-opt",
            "max-file=20",
            "--log-opt",
            "compress=true",
            "busybox",
            "sh",
            "-c",
            "seq 1 10000; exec sleep 1000")
        .ok();
    Commands.await(
        "all is logged", () -> felucca("logs", "--tail", "1", name).out().equals("10000\n"));
    Path folder = Path.of(file(name)).getParent();
    String log = Path.of(file(name)).getFileName().toString();
    Commands.await(
        "all older files are compressed",
        () -> {
          List<String> older =
              Machine.files(folder).stream().filter(f -> f.startsWith(log + ".")).toList();
          return older.stream().noneMatch(f -> f.matches(".*\\.([0-9]+|part)"))
              && older.stream().filter(f -> f.endsWith(".gz")).count() > 2;
        });
    felucca("logs", name).prints(numbers(1, 10000));
    felucca("logs", "--tail", "7000", name).prints(numbers(3001, 10000));
    assertTrue(summary(name).number("files", 0) > 3, () -> summary(name).toString());
    // A follower that begins in a compressed file goes on into what is written.
    Running follower = engine.inBackground("logs", "-f", "--tail", "9000", name);
    Commands.await("it follows", () -> follower.out().endsWith("\n10000\n"));
    engine.kill();
    engine.startEngine();
    felucca("rm", "-f", name).ok();
    assertEquals(0, follower.await().status());
    assertEquals(numbers(1001, 10000), follower.out());
  }

  private static org.felucca.oci.JsonObject summary(String name) {
    return felucca("inspect", "--format", "json", name).json().getFirst().requiredObject("log");
  }

  private static String file(String name) {
    return summary(name).requiredString("path");
  }

  @Test
  void loggerOfPipedInput_thatIsKilled_isFollowedByAnother_andNothingWaits() {
    String script =
        "echo one; until [ -e /go ]; do sleep 0.05; done; echo two; seq 1 50000; exec sleep 1000";
    felucca("run", "-d", "-i", "--name", "piped", "busybox", "sh", "-c", script).ok();
    Commands.await("it has begun", () -> felucca("logs", "piped").out().equals("one\n"));
    List<ProcessHandle> loggers =
        Machine.processes(engine.root()).stream()
            .filter(p -> Machine.commandLine(p.pid()).contains("in.stdout"))
            .toList();
    List<ProcessHandle> readers =
        loggers.stream().filter(p -> p.parent().filter(loggers::contains).isPresent()).toList();
    assertEquals(1, readers.size(), loggers::toString);
    assertTrue(readers.getFirst().destroyForcibly());
    felucca("exec", "piped", "touch", "/go").ok();
    // Far more than a pipe holds.
    Commands.await(
        "the next logger has all of it",
        () -> felucca("logs", "--tail", "1", "piped").out().equals("50000\n"));
    felucca("logs", "piped").prints("one\ntwo\n" + numbers(1, 50000));
    felucca("rm", "-f", "piped").ok();
  }
}
