package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleSetTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  @TempDir Path temp;
  private Path distribution;
  private Path updated;

  @BeforeEach
  void folders() throws IOException {
    distribution = Files.createDirectory(temp.resolve("bundles"));
    updated = Files.createDirectory(temp.resolve("updated"));
    jar(distribution.resolve("one.jar"), "felucca.one;singleton:=true", "1.2.0");
    jar(distribution.resolve("two.jar"), "felucca.two", "1.0.0");
  }

  private static void jar(Path file, String name, String version) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Bundle-SymbolicName", name);
    main.putValue("Bundle-Version", version);
    try (OutputStream out = Files.newOutputStream(file)) {
      new JarOutputStream(out, manifest).close();
    }
  }

  private List<Path> read() throws StartException {
    return BundleSet.read(distribution, updated).stream().map(BundleSet.Jar::path).toList();
  }

  private void installed(String... lines) throws IOException {
    Files.write(updated.resolve("installed"), List.of(lines));
  }

  @Test
  void read_nothingInstalled_givesTheDistributionInOrder() throws Exception {
    assertEquals(List.of(distribution.resolve("one.jar"), distribution.resolve("two.jar")), read());
  }

  @Test
  void read_installedOfSameOrNewerVersion_wins() throws Exception {
    jar(updated.resolve(A + ".jar"), "felucca.one", "1.2.0");
    installed("felucca.one 1.2.0 " + A);
    assertEquals(List.of(updated.resolve(A + ".jar"), distribution.resolve("two.jar")), read());
  }

  @Test
  void read_installedOlderThanTheDistribution_isLeftOut() throws Exception {
    jar(updated.resolve(A + ".jar"), "felucca.one", "1.1.9");
    installed("felucca.one 1.1.9 " + A);
    assertEquals(List.of(distribution.resolve("one.jar"), distribution.resolve("two.jar")), read());
  }

  @Test
  void read_installedUnderANewName_isRunInAddition() throws Exception {
    jar(updated.resolve(B + ".jar"), "org.example.runtime", "0.0.1");
    installed("org.example.runtime 0.0.1 " + B);
    assertEquals(
        List.of(
            distribution.resolve("one.jar"),
            distribution.resolve("two.jar"),
            updated.resolve(B + ".jar")),
        read());
  }

  @Test
  void read_linesThatMakeNoSense_areLeftOut() throws Exception {
    installed(
        "",
        "# a comment",
        "felucca.one",
        "felucca.one not-a-version " + A,
        "felucca.one 9.0.0 ../../etc/passwd",
        "felucca.two 9.0.0 " + B);
    assertEquals(List.of(distribution.resolve("one.jar"), distribution.resolve("two.jar")), read());
  }

  @Test
  void read_emptyDistribution_isRefused() throws IOException {
    Path empty = Files.createDirectory(temp.resolve("empty"));
    StartException e = assertThrows(StartException.class, () -> BundleSet.read(empty, updated));
    assertTrue(e.getMessage().contains("there are no bundles in"), e.getMessage());
  }
}
