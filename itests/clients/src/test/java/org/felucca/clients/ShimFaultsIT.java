package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Shims, engines and clients that fail at the wrong moment; the shims live on a disk of their own.
 */
class ShimFaultsIT {
  private static final int EXECS = 60;

  private static Path disk;
  private static TestEngine engine;

  @BeforeAll
  static void start() throws IOException {
    disk = Files.createTempDirectory(Path.of("/var/tmp"), "felucca-disk-");
    engine = TestEngine.prepare();
    Commands.run(
            engine.base(),
            List.of("mount", "-t", "tmpfs", "-o", "mode=755,size=64m", "none", "" + disk))
        .ok();
    engine.liveIn(engine.base().resolve("root"), disk.resolve("state"));
    // Creates a container only when it is let, and says when it is asked to.
    Path slow = engine.base().resolve("slow-runtime");
    Files.writeString(
        slow,
        """
        #!/bin/sh
        for word; do
          [ "$word" != create ] || { : > %1$s/asked; until [ -e %1$s/let ]; do sleep 0.02; done; }
        done
        exec runc "$@"
        """
            .formatted(engine.base()));
    Files.setPosixFilePermissions(slow, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(
        engine.etc().resolve("org.felucca.runtime-slow.cfg"),
        "name = slow\nbinary = " + slow + "\n");
    engine.startWithBusybox();
  }

  @AfterAll
  static void stop() {
    try {
      engine.close();
    } finally {
      Machine.endProcesses(disk);
      Machine.unmount(disk);
      Commands.run(Path.of("/var/tmp"), List.of("rmdir", disk.toString())).ok();
    }
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Files.deleteIfExists(file("asked"));
    Files.deleteIfExists(file("let"));
    Commands.await("no container is left", () -> engine.felucca("ps", "-aq").ok().out().isEmpty());
    Commands.await("every shim has ended", () -> Machine.shims(disk).isEmpty());
    Commands.await("only the disk is mounted", () -> Machine.mounts(disk).size() == 1);
    engine.sh("echo well").prints("well\n");
  }

  private static Path file(String name) {
    return engine.base().resolve(name);
  }

  /** A client that waits for a container which the runtime is just asked to create. */
  private static Running creating() {
    Running client =
        engine.inBackground("run", "--rm", "--runtime", "slow", "busybox", "echo", "made");
    Commands.await("the runtime is asked", () -> Files.exists(file("asked")));
    return client;
  }

  private static void let() throws IOException {
    Files.createFile(file("let"));
  }

  @Test
  void create_shimKilled_isTold() throws IOException {
    Running client = creating();
    List<ProcessHandle> shims = Machine.shims(disk);
    assertEquals(1, shims.size());
    assertTrue(shims.getFirst().destroyForcibly());
    client.await().refused("shim");
    let();
  }

  @Test
  void create_engineKilled_isUndone() throws IOException {
    Running client = creating();
    engine.kill();
    engine.startEngine();
    client.await().refused();
    Commands.await("what the runtime would have made is given up", () -> slow().isEmpty());
    let();
  }

  private static List<ProcessHandle> slow() {
    return Machine.processes(engine.base()).stream()
        .filter(p -> Machine.commandLine(p.pid()).contains("slow-runtime"))
        .toList();
  }

  @Test
  void create_runtimeKilled_isTold() throws IOException {
    Running client = creating();
    ProcessHandle runtime = slow().getFirst();
    assertTrue(runtime.destroyForcibly());
    client.await().refused("create");
    let();
  }

  /** A client that is stopped takes no output; the container's end is seen all the same. */
  @Test
  void run_readerThatNeverReads_hidesNoExit() {
    Running client =
        engine.inBackground(
            "run",
            "--name",
            "unread",
            "busybox",
            "sh",
            "-c",
            "echo begun; while [ ! -e /go ]; do sleep 0.05; done; exec cat /dev/zero");
    client.awaitOut("begun");
    client.signal("STOP");
    engine.felucca("exec", "unread", "sh", "-c", ": > /go").ok();
    engine.sh("echo others").prints("others\n");
    assertEquals("running", engine.status("unread"));
    engine.felucca("exec", "unread", "true").ok();
    engine.felucca("kill", "-s", "KILL", "unread").ok();
    engine.awaitStatus("unread", "stopped");
    engine.felucca("wait", "unread").prints("137\n");
    engine.felucca("rm", "-f", "unread").ok();
    client.signal("CONT");
    client.end();
  }

  @Test
  void fullDisk_exitIsKnownAllTheSame() throws IOException {
    String id = engine.detached("unlucky", "until [ -e /end ]; do sleep 0.05; done; exit 23");
    Path filler = disk.resolve("filler");
    Commands.run(engine.base(), List.of("dd", "if=/dev/zero", "of=" + filler, "bs=64k"));
    Commands.run(engine.base(), List.of("sh", "-c", "cat /dev/zero >> '" + filler + "'"));
    assertTrue(disk.toFile().getUsableSpace() < 1 << 20);
    assertTrue(engine.shimOf(id).isAlive());
    engine.felucca("ps").ok();
    Files.createFile(Path.of("/proc/" + pid("unlucky") + "/root/end"));
    engine.felucca("wait", "unlucky").prints("23\n");
    Files.delete(filler);
    engine.felucca("rm", "unlucky").ok();
  }

  private static long pid(String container) {
    return engine
        .felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("summary")
        .requiredNumber("pid");
  }

  /** More of them are in the shim's own tests. */
  @Test
  void manyExecs_leaveNothing() {
    String id = engine.detached("busy", "exec sleep 1000");
    String loop =
        "i=0; while [ $i -lt " + EXECS + " ]; do \"$@\" exec busy true || exit 1; i=$((i+1)); done";
    List<String> command = new java.util.ArrayList<>(List.of("sh", "-c", loop, "sh"));
    command.addAll(engine.client());
    Commands.run(engine.base(), command).ok();
    long shim = engine.shimOf(id).pid();
    int shims = descriptors(shim);
    int engines = descriptors(engine.pid());
    Commands.run(engine.base(), command).ok();
    // One connection may come or go.
    Commands.await(
        "descriptors go down to " + shims + " and " + engines,
        () -> descriptors(shim) <= shims + 1 && descriptors(engine.pid()) <= engines + 5);
    engine.felucca("rm", "-f", "busy").ok();
  }

  private static int descriptors(long pid) {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return (int) open.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
