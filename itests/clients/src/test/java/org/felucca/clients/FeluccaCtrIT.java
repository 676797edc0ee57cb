package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The machine's ctr on Felucca instead of containerd. */
class FeluccaCtrIT extends StockContainerdIT {
  @Override
  Containerd started() {
    return FeluccaContainerd.start(null);
  }

  /** Kept until its client deletes it. */
  @Override
  boolean isCleanedUp(String tasks, String id) {
    return tasks.lines().anyMatch(line -> line.startsWith(id + " ") && line.contains("STOPPED"));
  }

  private Result run(List<String> flags, String... program) {
    return containerd().ctr(containerd().running("once", flags, program));
  }

  @Test
  void run_flags() throws IOException {
    Path file = Files.writeString(containerd().base().resolve("mounted"), "seen\n");
    run(
            List.of(
                "--rm",
                "--env",
                "NAME=value",
                "--cwd",
                "/tmp",
                "--mount",
                "type=bind,src=" + file + ",dst=/tmp/mounted,options=rbind:ro"),
            "/bin/sh",
            "-c",
            "echo $NAME; pwd; cat mounted; echo x > mounted || exit 4")
        .endsWith(4);
    run(List.of("--rm", "--read-only"), "/bin/sh", "-c", "echo x > /tmp/x").endsWith(1);
    String host =
        Commands.run(containerd().base(), List.of("readlink", "/proc/self/ns/net")).line();
    run(List.of("--rm", "--net-host"), "/bin/busybox", "readlink", "/proc/self/ns/net")
        .prints(host + "\n");
  }

  @Test
  void run_withAnotherBinary() {
    containerd()
        .ctr(
            containerd()
                .running("binary", List.of("-d", "--runc-binary", "crun"), "/bin/sleep", "1000"))
        .ok();
    Path states = ((FeluccaContainerd) containerd()).engine().state().resolve("runc");
    Result kept =
        Commands.run(
            containerd().base(),
            List.of("find", states.toString(), "-path", "*/binary/*", "-name", "status"));
    assertFalse(kept.out().isEmpty(), "crun keeps its status there");
    containerd().remove("binary");
  }

  @Test
  void run_withAShimOfContainerds() {
    String shim =
        Commands.run(containerd().base(), List.of("which", "containerd-shim-runc-v2")).line();
    run(List.of("--rm", "--runtime", shim), "/bin/echo", "by path").prints("by path\n");
    Result refused = run(List.of("--rm", "--runtime", "io.containerd.none.v9"), "/bin/true");
    refused.endsWith(1);
    assertTrue(refused.err().contains("io.containerd.none.v9"), refused::toString);
  }

  @Test
  void task_kill_late_isNotFound() {
    containerd().ctr(containerd().running("late", List.of("-d"), "/bin/sh", "-c", "exit 3")).ok();
    Commands.await(
        "it has ended", () -> containerd().ctr("task", "ls").ok().out().contains("STOPPED"));
    Result kill = containerd().ctr("task", "kill", "late");
    kill.endsWith(1);
    assertTrue(kill.err().contains("not found"), kill::toString);
    assertTrue(containerd().ctr("task", "rm", "late").ok().err().contains("exit code 3"));
    assertTrue(containerd().ctr("task", "rm", "late").err().contains("not found"));
    containerd().ctr("container", "rm", "late").ok();
  }

  @Test
  void exit_isKeptOverARestartOfTheEngine() {
    containerd()
        .ctr(
            containerd()
                .running(
                    "ended",
                    List.of("-d"),
                    "/bin/sh",
                    "-c",
                    "until [ -e /tmp/end-ended ]; do sleep 0.05; done; exit 9"))
        .ok();
    containerd().kill();
    try {
      Files.createFile(containerd().rootfs().resolve("tmp/end-ended"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    containerd().startDaemon();
    Commands.await(
        "it has ended", () -> containerd().ctr("task", "ls").ok().out().contains("STOPPED"));
    assertTrue(containerd().ctr("task", "rm", "ended").ok().err().contains("exit code 9"));
    containerd().ctr("container", "rm", "ended").ok();
  }

  @Test
  void task_checkpoint_isRefusedWithTheRuntimesWords() {
    assumeFalse(
        Commands.run(containerd().base(), List.of("sh", "-c", "command -v criu")).status() == 0,
        "CRIU is installed here");
    containerd().ctr(containerd().running("frozen", List.of("-d"), "/bin/sleep", "1000")).ok();
    Result refused =
        containerd()
            .ctr(
                "task",
                "checkpoint",
                "--image-path",
                containerd().base().resolve("checkpoint").toString(),
                "frozen");
    refused.endsWith(1);
    assertTrue(
        refused.err().toLowerCase(java.util.Locale.ROOT).contains("criu"), refused::toString);
    assertTrue(containerd().ctr("task", "ls").ok().out().contains("RUNNING"));
    containerd().remove("frozen");
  }

  @Test
  void task_attach_takesTheTerminal() {
    TerminalClient first =
        containerd()
            .onTerminal(
                containerd()
                    .client(
                        containerd()
                            .running(
                                "attached",
                                List.of("-t", "--rm"),
                                "/bin/sh",
                                "-c",
                                "echo begun; read word; echo got-$word; exit 6")));
    first.awaitText("begun");
    first.type("typed\n");
    first.awaitText("got-typed");
    assertEquals(6, first.await());
  }

  @Test
  void log_toAFile() throws IOException {
    Path log = containerd().base().resolve("container.log");
    containerd()
        .ctr(
            containerd()
                .running(
                    "logged",
                    List.of("-d", "--log-uri", "file://" + log),
                    "/bin/sh",
                    "-c",
                    "echo out; echo err >&2"))
        .ok();
    Commands.await(
        "both lines are there",
        () -> Files.exists(log) && Files.readAllLines(log).containsAll(List.of("out", "err")));
    containerd().remove("logged");
  }

  @Test
  void events_inOrder() {
    Running events = containerd().inBackground("events");
    // Nothing says when it listens: something is done until it has heard of it.
    Commands.await(
        "it listens",
        () -> {
          containerd().ctr("namespace", "create", "heard-of").ok();
          containerd().ctr("namespace", "rm", "heard-of").ok();
          return events.out().contains("/namespaces/create");
        });
    run(List.of("--rm"), "/bin/sh", "-c", "exit 5").endsWith(5);
    events.awaitOut("/containers/delete");
    List<String> topics =
        events
            .out()
            .lines()
            .filter(line -> line.contains("once"))
            .flatMap(line -> Stream.of(line.split(" ", -1)).filter(word -> word.startsWith("/")))
            .filter(word -> word.startsWith("/tasks/") || word.startsWith("/containers/"))
            .toList();
    assertEquals(
        List.of(
            "/containers/create",
            "/tasks/create",
            "/tasks/start",
            "/tasks/exit",
            "/tasks/delete",
            "/containers/delete"),
        topics);
    assertFalse(events.out().contains("type.googleapis.com"), events::out);
    events.end();
  }
}
