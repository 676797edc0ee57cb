package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Restart policies: who is started again and who is not, also over the end of the engine. */
class RestartPolicyIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @AfterEach
  void removeContainers() {
    engine.removeContainers();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static JsonObject summary(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary");
  }

  private static long restarts(String container) {
    return summary(container).number("restarts", -1);
  }

  private static void awaitRestarts(String container, long count) {
    Commands.await(
        container + " was restarted " + count + " times", () -> restarts(container) >= count);
  }

  /** A container that goes on until a file of this machine says with which status to end. */
  private static Path governed(String name, String policy) {
    try {
      Path folder = Files.createTempDirectory(engine.base(), "governed");
      felucca(
              "run",
              "-d",
              "--name",
              name,
              "--restart",
              policy,
              "-v",
              folder + ":/in",
              "busybox",
              "sh",
              "-c",
              "while ! mv /in/end /in/last; do sleep 0.02; done 2>/dev/null; exit $(cat /in/last)")
          .ok();
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void end(Path folder, int status) {
    try {
      Files.writeString(folder.resolve("end.new"), Integer.toString(status));
      Files.move(folder.resolve("end.new"), folder.resolve("end"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"always", "unless-stopped"})
  void always_startsAgainWhateverTheStatus_untilItIsStopped(String policy) {
    Path folder = governed("web", policy);
    assertEquals(policy, summary("web").requiredString("restart_policy"));
    assertEquals(0, restarts("web"));
    end(folder, 0);
    awaitRestarts("web", 1);
    engine.awaitStatus("web", "running");
    end(folder, 3);
    awaitRestarts("web", 2);
    engine.awaitStatus("web", "running");
    felucca("stop", "-t", "0", "web").ok();
    engine.awaitStatus("web", "stopped");
    assertEquals(2, restarts("web"));
    felucca("start", "web").ok();
    assertEquals(0, restarts("web"), "the count begins anew");
    end(folder, 0);
    awaitRestarts("web", 1);
    engine.awaitStatus("web", "running");
    felucca("kill", "web").ok();
    engine.awaitStatus("web", "stopped");
    felucca("kill", "web").refused("web", "does not run");
  }

  @Test
  void onFailure_goesByTheStatus() {
    Path folder = governed("job", "on-failure");
    end(folder, 1);
    awaitRestarts("job", 1);
    engine.awaitStatus("job", "running");
    end(folder, 0);
    engine.awaitStatus("job", "stopped");
    assertEquals(0, summary("job").number("exit_status", -1));
  }

  @Test
  void onFailureWithANumber_givesUp() {
    felucca(
            "run",
            "-d",
            "--name",
            "short",
            "--restart",
            "on-failure:2",
            "busybox",
            "sh",
            "-c",
            "exit 4")
        .ok();
    awaitRestarts("short", 2);
    engine.awaitStatus("short", "stopped");
    assertEquals(2, restarts("short"));
    assertEquals(4, summary("short").number("exit_status", -1));
    String id = summary("short").requiredString("id");
    Running events = engine.inBackground("events", "--since", "0");
    Commands.await(
        "the events say so",
        () ->
            events
                .out()
                .lines()
                .filter(line -> line.contains("/felucca/restart"))
                .anyMatch(line -> line.contains(id) && line.contains("\"restarts\":2")));
    events.end();
  }

  @Test
  void restarting_isShown_andCanBeStoppedOrRemoved() {
    for (String name : new String[] {"loop", "gone"}) {
      felucca("run", "-d", "--name", name, "--restart", "always", "busybox", "sh", "-c", "exit 5")
          .ok();
    }
    for (String name : new String[] {"loop", "gone"}) {
      awaitRestarts(name, 4); // the pauses have become long
    }
    Commands.await(
        "ps shows it",
        () ->
            felucca("ps", "--filter", "status=restarting", "--filter", "name=loop")
                .ok()
                .out()
                .contains("Restarting (5)"));
    felucca("stop", "loop").ok();
    engine.awaitStatus("loop", "stopped");
    // It may just run for a moment.
    Commands.await(
        "it is not removed while it waits",
        () -> felucca("rm", "gone").err().contains("restarted by its policy"));
    felucca("rm", "-f", "gone").ok();
    felucca("inspect", "gone").refused("gone");
    assertEquals("stopped", engine.status("loop"));
  }

  @Test
  void policies_areKeptOverTheEndOfTheEngine() {
    Path ended = governed("ended", "always");
    Path failed = governed("failed", "on-failure");
    Path well = governed("well", "on-failure");
    Path runs = governed("runs", "unless-stopped");
    governed("stopped-always", "always");
    governed("stopped-unless", "unless-stopped");
    felucca("stop", "-t", "0", "stopped-always", "stopped-unless").ok();
    long pid = summary("runs").requiredNumber("pid");
    engine.kill();
    end(ended, 0);
    end(failed, 6);
    end(well, 0);
    for (Path folder : new Path[] {ended, failed, well}) {
      Commands.await("it has seen its end", () -> Files.exists(folder.resolve("last")));
    }
    engine.startEngine();
    for (String name : new String[] {"ended", "failed"}) {
      awaitRestarts(name, 1);
      engine.awaitStatus(name, "running");
    }
    engine.awaitStatus("well", "stopped");
    engine.awaitStatus("stopped-always", "running");
    assertEquals("stopped", engine.status("stopped-unless"));
    assertEquals(pid, summary("runs").requiredNumber("pid"));
    end(runs, 1);
    awaitRestarts("runs", 1);
  }

  @Test
  void engineKilledOverAndOver_whileAContainerFails_goesOn() {
    felucca(
            "run",
            "-d",
            "--name",
            "fails",
            "--restart",
            "on-failure",
            "busybox",
            "sh",
            "-c",
            "exit 9")
        .ok();
    for (int round = 0; round < 2; round++) {
      long before = restarts("fails");
      awaitRestarts("fails", before + 1);
      engine.kill();
      engine.startEngine();
    }
    long before = restarts("fails");
    awaitRestarts("fails", before + 1);
  }

  @Test
  void policy_byUpdate_andContradictions() {
    Path folder = governed("plain", "no");
    felucca("update", "--restart", "on-failure:5", "plain").prints("plain\n");
    end(folder, 2);
    awaitRestarts("plain", 1);
    felucca("run", "-d", "--rm", "--restart", "always", "busybox", "true")
        .refused("--rm", "--restart always");
    felucca("run", "-d", "--restart", "always:3", "busybox", "true").refused("always:3");
    felucca("run", "-d", "--restart", "on-failure:-1", "busybox", "true").refused("on-failure:-1");
    String id = felucca("run", "-d", "--rm", "--name", "brief", "busybox", "sleep", "1000").line();
    felucca("update", "--restart", "always", "brief").refused("--rm", "always");
    felucca("rm", "-f", id).ok();
  }
}
