package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What has changed in a container, its files as an archive, and images made of it. */
class CommitIT {
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

  /** A container that has changed some files, and waits. */
  private static void changed(String name) {
    engine.detached(
        name,
        "mkdir -p /srv/new; echo v1 >/srv/new/file; echo more >>/etc/passwd; rm /etc/group;"
            + " ln /srv/new/file /srv/new/again; touch /ready; sleep 1000");
    Commands.await(
        "it is ready", () -> felucca("exec", name, "test", "-e", "/ready").status() == 0);
  }

  @Test
  void diff_tellsWhatIsAddedChangedAndDeleted() {
    changed("d");
    List<String> lines = felucca("diff", "d").ok().out().lines().toList();
    List<String> wanted =
        List.of(
            "C /etc",
            "D /etc/group",
            "C /etc/passwd",
            "A /ready",
            "A /srv",
            "A /srv/new",
            "A /srv/new/again",
            "A /srv/new/file");
    assertEquals(wanted, lines);
    felucca("kill", "d").ok();
    felucca("wait", "d").ok();
    engine.awaitStatus("d", "stopped");
    assertEquals(lines, felucca("diff", "d").ok().out().lines().toList());
    felucca("diff", "nobody").refused("nobody", "not found");
  }

  @Test
  void export_isTheRootFileSystem() throws IOException {
    changed("e");
    List<String> names = engine.pipedInto("tar t", "export", "e").ok().out().lines().toList();
    assertTrue(
        names.containsAll(List.of("bin/", "bin/busybox", "etc/passwd", "srv/new/file")),
        names::toString);
    assertTrue(
        names.stream().noneMatch(name -> name.startsWith("proc/") && !name.equals("proc/")),
        names::toString);
    Path file = engine.base().resolve("e.tar");
    felucca("export", "-o", file.toString(), "e").prints("");
    Path rootfs = Files.createDirectory(engine.base().resolve("rootfs"));
    Commands.run(engine.base(), List.of("tar", "xf", file.toString(), "-C", rootfs.toString()))
        .ok();
    assertEquals("v1\n", Files.readString(rootfs.resolve("srv/new/again")));
    felucca("run", "--rm", "--rootfs", rootfs.toString(), "cat", "/srv/new/file").prints("v1\n");
  }

  @Test
  void commit_makesAnImageThatRuns() {
    changed("c");
    for (String compression : List.of("gzip", "zstd", "none")) {
      String name = "tuned:" + compression;
      String digest =
          felucca(
                  "commit",
                  "--compression",
                  compression,
                  "-a",
                  "Ann",
                  "-m",
                  "with a file",
                  "-c",
                  "CMD [\"cat\", \"/srv/new/file\"]",
                  "-c",
                  "ENV A=1 B=\"two words\"",
                  "-c",
                  "LABEL purpose=test",
                  "-c",
                  "WORKDIR /srv",
                  "-c",
                  "EXPOSE 80 53/udp",
                  "-c",
                  "VOLUME /var/data",
                  "-c",
                  "STOPSIGNAL SIGQUIT",
                  "-c",
                  "USER 0",
                  "c",
                  name)
              .line();
      assertTrue(digest.startsWith("sha256:"), digest);
      felucca("run", "--rm", name).prints("v1\n");
      felucca(
              "run",
              "--rm",
              name,
              "sh",
              "-c",
              "echo $A $B; pwd; ls /etc/group; stat -c %h /srv/new/file")
          .endsWith(0);
      assertEquals(
          "1 two words\n/srv\n2\n",
          felucca(
                  "run",
                  "--rm",
                  name,
                  "sh",
                  "-c",
                  "echo $A $B; pwd; ls /etc/group 2>/dev/null; stat -c %h /srv/new/file")
              .ok()
              .out());
    }
    // The container goes on as before.
    assertEquals("running", engine.status("c"));
    felucca("exec", "c", "cat", "/srv/new/file").prints("v1\n");
  }

  @Test
  void commit_thatTheEngineIsKilledIn_leavesNothingPaused() {
    engine.detached("big", "head -c 500000000 /dev/urandom >/big; touch /ready; sleep 1000");
    Commands.await(
        "it is ready", () -> felucca("exec", "big", "test", "-e", "/ready").status() == 0);
    Running commit = engine.inBackground("commit", "big", "never:1");
    engine.awaitStatus("big", "paused");
    engine.kill();
    commit.end();
    engine.startEngine();
    engine.awaitStatus("big", "running");
    felucca("exec", "big", "true").ok();
    felucca("images", "-q", "never").prints("");
    felucca("pause", "big").ok();
    engine.kill();
    engine.startEngine();
    assertEquals("paused", engine.status("big"), "by somebody, and so it stays");
  }

  @Test
  void commit_history_andANameThatMoves() {
    changed("h");
    String first = felucca("commit", "h", "moved").line();
    felucca("exec", "h", "sh", "-c", "echo v2 >/srv/new/file").ok();
    String second = felucca("commit", "-m", "again", "--pause=false", "h", "moved").line();
    assertTrue(!first.equals(second));
    felucca("run", "--rm", "moved", "cat", "/srv/new/file").prints("v2\n");
    // A commit of a container of a committed image lies over that.
    felucca("run", "--name", "over", "moved", "sh", "-c", "echo v3 >/srv/new/file").ok();
    felucca("commit", "over", "third").ok();
    felucca("run", "--rm", "third", "cat", "/srv/new/file").prints("v3\n");
    String unnamed = felucca("commit", "over").line();
    felucca("run", "--rm", unnamed, "cat", "/srv/new/file").prints("v3\n");
    JsonObject image = felucca("image", "inspect", "--format", "json", "third").json().getFirst();
    assertTrue(image.toString().contains("felucca commit over"), image::toString);
  }

  @Test
  void commit_whatMakesNoSense_isRefusedAndLeavesNothing() {
    changed("bad");
    felucca("commit", "-c", "RUN true", "bad", "x").refused("RUN true", "only CMD");
    felucca("commit", "-c", "ENV", "bad", "x").refused("ENV");
    felucca("commit", "-c", "STOPSIGNAL NONSENSE", "bad", "x").refused("NONSENSE");
    felucca("commit", "--compression", "rar", "bad", "x").refused("rar");
    felucca("commit", "bad", "UPPER").refused("UPPER");
    felucca("commit", "nobody", "x").refused("nobody", "not found");
    assertTrue(!felucca("image", "ls", "-q").ok().out().contains("x\n"));
    assertEquals("running", engine.status("bad"));
  }
}
