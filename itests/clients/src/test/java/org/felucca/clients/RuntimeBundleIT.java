package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A stranger's runtime comes, is updated and goes, while containers run. */
class RuntimeBundleIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  /** A bundle without a class: a manifest and a configuration. */
  private static void drop(String version, String binary) {
    Manifest manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.putValue("Manifest-Version", "1.0");
    headers.putValue("Bundle-ManifestVersion", "2");
    headers.putValue("Bundle-SymbolicName", "org.example.tortoise");
    headers.putValue("Bundle-Version", version);
    headers.putValue("Provide-Capability", "felucca.runtime;felucca.runtime=tortoise");
    headers.putValue(
        "Require-Capability",
        "osgi.extender;filter:=\"(&(osgi.extender=osgi.configurator)(version>=1.0)(!(version>=2.0)))\"");
    String configuration =
        """
        {
          ":configurator:resource-version": 1,
          "org.felucca.runtime~tortoise": {"name": "tortoise", "binary": "%s"}
        }
        """
            .formatted(binary);
    try {
      Path partial = engine.base().resolve("tortoise.part");
      try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(partial), manifest)) {
        jar.putNextEntry(new JarEntry("OSGI-INF/configurator/tortoise.json"));
        jar.write(configuration.getBytes(StandardCharsets.UTF_8));
      }
      int from = engine.logText().length();
      Files.move(partial, jar(), StandardCopyOption.ATOMIC_MOVE);
      engine.awaitLog(from, "runtime tortoise");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path jar() {
    return engine.deploy().resolve("tortoise.jar");
  }

  private static String binary(String name) throws IOException {
    Path script = engine.base().resolve(name);
    Files.writeString(script, "#!/bin/sh\nexec runc \"$@\"\n");
    Commands.run(engine.base(), java.util.List.of("chmod", "755", script.toString())).ok();
    return script.toString();
  }

  @Test
  void runtimeBundle_comesIsUpdatedAndGoes_whileContainersRun() throws Exception {
    engine
        .felucca("run", "--rm", "--runtime", "tortoise", "busybox", "true")
        .fails(125, "tortoise", "not found");
    engine.counting("before");

    drop("1.0.0", binary("tortoise-1"));
    engine.felucca("run", "--rm", "--runtime", "tortoise", "busybox", "true").ok();
    engine
        .felucca(
            "run",
            "-d",
            "--name",
            "slow",
            "--runtime",
            "tortoise",
            "busybox",
            "sh",
            "-c",
            "i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done")
        .ok();
    assertTrue(engine.felucca("runtime", "ls").ok().out().contains("tortoise-1"));

    int from = engine.logText().length();
    drop("1.1.0", binary("tortoise-2"));
    assertTrue(
        engine
            .logText()
            .substring(from)
            .contains(
                "runtime tortoise updated 1.0.0 -> 1.1.0; 2 running containers left untouched"));
    Commands.await(
        "the new binary is in use",
        () -> engine.felucca("runtime", "ls").ok().out().contains("tortoise-2"));
    engine.felucca("run", "--rm", "--runtime", "tortoise", "busybox", "true").ok();
    assertEquals("running", engine.status("slow"));
    engine.felucca("exec", "slow", "true").ok();

    from = engine.logText().length();
    Files.delete(jar());
    engine.awaitLog(from, "runtime tortoise removed");
    engine
        .felucca("run", "--rm", "--runtime", "tortoise", "busybox", "true")
        .fails(125, "tortoise", "not found");
    assertFalse(engine.felucca("runtime", "ls").ok().out().contains("tortoise"));
    assertEquals("running", engine.status("slow"));
    engine.felucca("exec", "slow", "true").ok();
    engine.felucca("stop", "-t", "1", "slow", "before").ok();
    engine.felucca("rm", "slow", "before").ok();
  }
}
