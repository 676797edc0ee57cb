package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Shims outlive an upgrade and a downgrade. The shim of before is felucca-shim built to speak the
 * previous wire; the one of now takes its place, and the other way round, while containers run.
 */
class KeptShimIT {
  private static final String SHIM = "containerd-shim-felucca-v2";

  private static TestEngine engine;
  private static Path previous;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    previous = built();
    engine = TestEngine.prepare();
    addRuntime("kept", program("kept"));
    place("kept", previous);
    // One that promises more than it keeps.
    Path boasting = program("boasting");
    Files.createDirectories(boasting.getParent());
    Files.writeString(
        boasting,
        """
        #!/bin/sh
        for word; do :; done
        [ "$word" = start ] || exec %1$s "$@"
        address=$(%1$s "$@" </dev/null) || exit
        printf '{"version":3,"address":"%%s","protocol":"ttrpc"}' "$address"
        """
            .formatted(program("kept")));
    Files.setPosixFilePermissions(boasting, PosixFilePermissions.fromString("rwxr-xr-x"));
    addRuntime("boasting", boasting);
    engine.startWithBusybox();
  }

  @AfterAll
  static void stop() {
    if (engine != null) {
      engine.close();
    }
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    engine.removeContainers();
    place("kept", previous);
  }

  private static Path tree() {
    return Path.of(System.getProperty("felucca.home")).resolve("../../..").normalize();
  }

  /** The shim of before; cargo builds it once. */
  private static Path built() throws IOException, InterruptedException {
    Path crate = tree().resolve("runtimes/shim");
    Path target = crate.resolve("target/previous-wire");
    Process cargo =
        new ProcessBuilder(
                "cargo",
                "build",
                "--quiet",
                "--release",
                "--locked",
                "--features",
                "previous-wire",
                "--manifest-path",
                crate.resolve("Cargo.toml").toString(),
                "--target-dir",
                target.toString())
            .inheritIO()
            .start();
    assertTrue(cargo.waitFor(10, TimeUnit.MINUTES), "cargo ends");
    assertEquals(0, cargo.exitValue());
    return target.resolve("release/felucca-shim");
  }

  private static Path program(String runtime) {
    return engine.base().resolve(runtime).resolve(SHIM);
  }

  private static void addRuntime(String name, Path shim) throws IOException {
    Files.writeString(
        engine.etc().resolve("org.felucca.runtime-" + name + ".cfg"),
        "name = %s\nbinary = runc\nshim = %s\n".formatted(name, shim));
  }

  private static Path current() {
    return engine.home().resolve("bin/felucca-shim");
  }

  /** Puts a shim in the place of another, as a package manager does. */
  private static void place(String runtime, Path shim) throws IOException {
    replace(program(runtime), shim);
  }

  private static void replace(Path place, Path shim) throws IOException {
    Files.createDirectories(place.getParent());
    Path beside = place.resolveSibling("new");
    Files.copy(shim, beside, StandardCopyOption.COPY_ATTRIBUTES);
    Files.move(beside, place, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String waiting(String runtime, String name) {
    return engine
        .felucca(
            "run",
            "-d",
            "--name",
            name,
            "--runtime",
            runtime,
            "busybox",
            "sh",
            "-c",
            "echo before; until [ -e /end ]; do sleep 0.05; done; echo after; exit 6")
        .line();
  }

  /** All that an engine does with a container that it finds running, to its end. */
  private static void assertServed(String name) {
    assertEquals("running", engine.status(name));
    engine.felucca("exec", name, "sh", "-c", "echo in; exit 4").endsWith(4);
    engine.felucca("pause", name).ok();
    engine.awaitStatus(name, "paused");
    engine.felucca("unpause", name).ok();
    engine.felucca("stats", "--no-stream", name).ok();
    assertTrue(engine.felucca("top", name).ok().out().contains("sh"));
    engine.felucca("exec", name, "sh", "-c", ": > /end").ok();
    engine.felucca("wait", name).prints("6\n");
    engine.felucca("logs", name).prints("before\nafter\n");
  }

  private static void assertCleanedUpAfter(String name, String id) {
    assertTrue(engine.shimOf(id).destroyForcibly());
    engine.felucca("wait", name).prints("137\n");
    engine.felucca("rm", name).ok();
    Commands.await(
        "nothing is left of " + name,
        () ->
            Machine.mounts(engine.state()).stream().noneMatch(line -> line.contains(id))
                && Machine.processes(engine.state()).stream()
                    .noneMatch(p -> Machine.commandLine(p.pid()).contains(id)));
  }

  @Test
  void upgraded_olderShimsAreServed() throws IOException {
    String id = waiting("kept", "old");
    String orphan = waiting("kept", "orphan");
    String boasting = waiting("boasting", "boasting");
    assertEquals(2, engine.shimProtocol(id));
    assertEquals(2, engine.shimProtocol(boasting));
    engine.kill();
    place("kept", current());
    assertNotEquals(-1, Files.mismatch(previous, program("kept")));
    engine.startEngine();
    assertEquals(2, engine.shimProtocol(id));
    assertServed("old");
    assertServed("boasting");
    // What is left of the older one the newer one takes away.
    assertCleanedUpAfter("orphan", orphan);
    String newer = waiting("runc", "newer");
    assertEquals(3, engine.shimProtocol(newer));
    assertServed("newer");
    engine.felucca("start", "old").ok();
    engine.felucca("rm", "-f", "old").ok();
  }

  @Test
  void downgraded_newerShimsAreServed() throws IOException {
    place("kept", current());
    waiting("kept", "new");
    String orphan = waiting("kept", "orphan");
    String whole = waiting("runc", "whole");
    assertEquals(3, engine.shimProtocol(whole));
    engine.kill();
    place("kept", previous);
    engine.startEngine();
    assertServed("new");
    assertServed("whole");
    assertCleanedUpAfter("orphan", orphan);
    String older = waiting("kept", "older");
    assertEquals(2, engine.shimProtocol(older));
    assertServed("older");
  }
}
