package org.felucca.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Binaries that misbehave, as shell scripts; what real ones do is in the contract of runtimes. */
@Timeout(30)
class OciRuntimeTest {
  @TempDir Path temp;
  private Path folder;

  @BeforeEach
  void resolve() throws IOException {
    folder = temp.toRealPath();
  }

  private Path script(String name, String text) throws IOException {
    Path script = folder.resolve(name);
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  private OciRuntime runtime(String binary) {
    return runtime(binary, false);
  }

  private OciRuntime runtime(String binary, boolean refuse) {
    return runtime(binary, "test-shim", refuse);
  }

  private OciRuntime runtime(String binary, String shim, boolean refuse) {
    return new OciRuntime(
        new RuntimeSettings(
            "test",
            "",
            binary,
            shim,
            folder.resolve("state"),
            true,
            false,
            true,
            refuse,
            folder.resolve("home").toString(),
            List.of(folder)),
        Duration.ofMillis(500),
        Duration.ofHours(1));
  }

  private static EngineException refused(OciRuntime runtime, String... words) {
    EngineException e = assertThrows(EngineException.class, runtime::info);
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    for (String word : words) {
      assertTrue(String.valueOf(e.getMessage()).contains(word), e.toString());
    }
    return e;
  }

  private static final String GOOD =
      "case $1 in\n"
          + "--version) echo run >> \"$0.asked\"; echo 'oci version 9.8'; echo 'spec: 1.1.0' ;;\n"
          + "*) echo unknown >&2; exit 1 ;;\nesac";

  @Test
  void info_withoutFeatures() throws IOException {
    script("oci", GOOD);
    RuntimeInfo info = runtime("oci").info();
    assertEquals(folder.resolve("oci"), info.binary());
    assertEquals("oci version 9.8", info.version());
    assertEquals("1.1.0", info.ociVersion());
    assertEquals("", info.features());
  }

  @Test
  void info_featuresTellTheVersion() throws IOException {
    script(
        "oci",
        "[ $1 = --version ] && echo 'oci version 1.2' || echo '{\"ociVersionMax\":\"1.2.0-dev\"}'");
    RuntimeInfo info = runtime("oci").info();
    assertEquals("1.2.0", info.ociVersion());
    assertEquals("{\"ociVersionMax\":\"1.2.0-dev\"}", info.features());
  }

  @Test
  void info_nonsenseForFeaturesCountsAsNone() throws IOException {
    script("oci", "[ $1 = --version ] && echo 'oci version 1.2' || echo '{ nonsense'");
    RuntimeInfo info = runtime("oci").info();
    assertEquals("1.0.2", info.ociVersion());
    assertEquals("", info.features());
  }

  @Test
  void info_rememberedUntilTheFileChanges() throws IOException {
    Path binary = script("oci", GOOD);
    OciRuntime runtime = runtime("oci");
    runtime.info();
    runtime.info();
    assertEquals(1, Files.readAllLines(folder.resolve("oci.asked")).size());
    script("oci", GOOD + "\n# newer");
    assertEquals("oci version 9.8", runtime.info().version());
    assertEquals(2, Files.readAllLines(folder.resolve("oci.asked")).size());
    Files.delete(binary);
    refused(runtime, "not installed");
  }

  @Test
  void shim_ownComesBeforeThatOfTheMachine() throws IOException {
    OciRuntime runtime = runtime("oci", "felucca-shim", false);
    Path machines = script("felucca-shim", "exit 0");
    assertEquals(machines, runtime.shim());
    Files.createDirectories(folder.resolve("home/bin"));
    Path own = script("home/bin/felucca-shim", "exit 0");
    assertEquals(own, runtime.shim());
  }

  @Test
  void info_missing() {
    refused(runtime("nowhere"), "nowhere", "not installed", folder.toString(), "'binary'");
    refused(runtime(folder + "/none"), "none", "'binary'");
    refused(runtime("relative/path"), "absolute path");
  }

  @Test
  void info_fails() throws IOException {
    script("oci", "echo 'libfoo.so is missing' >&2; exit 127");
    refused(runtime("oci"), "status 127", "libfoo.so is missing");
  }

  @Test
  void info_notForThisMachine() throws IOException {
    Path binary = folder.resolve("oci");
    Files.write(binary, new byte[] {0x7f, 'E', 'L', 'F', 0, 0});
    Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwxr-xr-x"));
    refused(runtime("oci"), "oci", "build for this machine");
  }

  @Test
  void info_rubbish() throws IOException {
    script("oci", "echo hello");
    refused(runtime("oci"), "\"hello\"", "is it an OCI runtime?");
    script("oci", "exit 0");
    refused(runtime("oci"), "is it an OCI runtime?");
    script("oci", "head -c 3000000 /dev/zero");
    refused(runtime("oci"), "printed more than");
  }

  @Test
  void info_hungIsNotWaitedForAgainUntilTheFileChanges() throws IOException {
    script("oci", "echo run >> \"$0.asked\"; exec sleep 1000");
    OciRuntime runtime = runtime("oci");
    refused(runtime, "did not end within 500 ms");
    refused(runtime, "did not end within 500 ms", "asked again in", "s, or when its file");
    assertEquals(1, Files.readAllLines(folder.resolve("oci.asked")).size());
    script("oci", GOOD);
    assertEquals("oci version 9.8", runtime.info().version());
  }

  @Test
  void info_hangs() throws IOException {
    script("oci", "sleep 1000");
    long before = System.nanoTime();
    refused(runtime("oci"), "did not end within 500 ms");
    assertTrue(System.nanoTime() - before < Duration.ofSeconds(5).toNanos());
  }

  @Test
  void info_exchangeableByOthers() throws IOException {
    Path binary = script("oci", GOOD);
    Files.setPosixFilePermissions(binary, PosixFilePermissions.fromString("rwxrwxr-x"));
    refused(runtime("oci"), "exchanged by others", "chmod go-w " + binary);
    script("oci", GOOD);
    Files.setAttribute(binary, "unix:uid", 1000);
    refused(runtime("oci"), "exchanged by others");
    Files.setAttribute(binary, "unix:uid", 0);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    refused(runtime("oci"), "exchanged by others", "chmod go-w " + folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    assertEquals("oci version 9.8", runtime("oci").info().version());
    assertFalse(Files.exists(folder.resolve("state")));
  }

  @Test
  void info_vulnerableRefusedByPolicy() throws IOException {
    script("oci", "[ $1 = --version ] && echo 'runc version 1.1.11'");
    assertEquals("runc version 1.1.11", runtime("oci", false).info().version());
    refused(runtime("oci", true), "CVE-2024-21626", "refuse_vulnerable");
  }

  @Test
  void shim_foundOrNot() throws IOException {
    OciRuntime runtime = runtime("oci");
    EngineException e = assertThrows(EngineException.class, runtime::shim);
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    assertTrue(String.valueOf(e.getMessage()).contains("'shim'"), e.toString());
    Path shim = script("test-shim", "");
    assertEquals(shim, runtime.shim());
  }

  @Test
  void options_asConfigured() throws IOException {
    Path binary = script("oci", GOOD);
    assertEquals(
        new RuntimeOptions(
            binary.toString(), folder.resolve("state").toString(), true, false, true),
        runtime("oci").options());
  }

  @Test
  void folders_pathFirstOwnLast() {
    List<Path> folders = RuntimeFactory.folders("/opt/x:relative::/usr/bin", "/opt/felucca");
    assertEquals(Path.of("/opt/x"), folders.get(0));
    assertEquals(Path.of("/usr/bin"), folders.get(1));
    assertEquals(Path.of("/opt/felucca/libexec"), folders.getLast());
    assertEquals(folders.size(), folders.stream().distinct().count());
    assertTrue(RuntimeFactory.folders(null, null).contains(Path.of("/usr/bin")));
  }

  @Test
  void knownHoles_byVersion() {
    assertEquals(2, KnownHoles.of("runc version 1.1.5+ds1").size());
    assertEquals(1, KnownHoles.of("runc version 1.1.12").size());
    assertEquals(1, KnownHoles.of("runc version 1.2.7").size());
    assertEquals(List.of(), KnownHoles.of("runc version 1.2.8"));
    assertEquals(1, KnownHoles.of("runc version 1.3.2").size());
    assertEquals(List.of(), KnownHoles.of("runc version 1.3.6"));
    assertEquals(1, KnownHoles.of("runc version 1.4.0-rc.2").size());
    assertEquals(List.of(), KnownHoles.of("runc version 1.4.0-rc.3"));
    assertEquals(List.of(), KnownHoles.of("runc version 1.4.0"));
    assertEquals(List.of(), KnownHoles.of("runc version 1.5.0"));
    assertEquals(List.of(), KnownHoles.of("crun version 1.8.1"));
    assertEquals(List.of(), KnownHoles.of("nonsense"));
  }
}
