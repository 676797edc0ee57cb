package org.felucca.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The distribution as it was built: its bundles keep to the design's arrows, and what has to be
 * there is.
 */
class DistributionIT {
  private static final Path HOME = Path.of(System.getProperty("felucca.home"));
  private static final List<BundleJar> BUNDLES = new ArrayList<>();

  @BeforeAll
  static void readBundles() throws IOException {
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(HOME.resolve("bundles"), "*.jar")) {
      for (Path jar : jars) {
        BUNDLES.add(BundleJar.read(jar));
      }
    }
    assertTrue(
        BUNDLES.stream().filter(b -> b.name().startsWith("felucca.")).count() > 15,
        "the distribution has its bundles");
  }

  @Test
  void bundles_imports_keepToTheArrows() {
    List<String> violations = new ArrayList<>();
    BUNDLES.forEach(bundle -> violations.addAll(Arrows.violations(bundle)));
    assertEquals(List.of(), violations);
  }

  @Test
  void bundles_mandatoryServices_haveNoCycle() {
    assertEquals(
        Set.of(),
        Arrows.neverStarted(BUNDLES.stream().flatMap(b -> b.components().stream()).toList()));
  }

  @Test
  void bundles_libraries_areThereOnce() {
    List<String> names = BUNDLES.stream().map(BundleJar::name).sorted().toList();
    assertEquals(names.stream().distinct().toList(), names);
  }

  @Test
  void folders_programsImageAndService_areThere() throws IOException {
    for (String program : List.of("feluccad", "felucca", "felucca-logger")) {
      assertTrue(Files.isExecutable(HOME.resolve("bin").resolve(program)), program);
    }
    for (String file :
        List.of("etc", "deploy", "images/busybox/index.json", "lib/version", "felucca.service")) {
      assertTrue(Files.exists(HOME.resolve(file)), file);
    }
  }

  @Test
  void jars_ofOurs_carryTheFixedTime() throws IOException {
    try (Stream<Path> jars = Files.list(HOME.resolve("bundles"))) {
      Path ours =
          jars.filter(jar -> jar.toString().endsWith("api-0.1.0.jar")).findFirst().orElseThrow();
      try (java.util.jar.JarFile jar = new java.util.jar.JarFile(ours.toFile())) {
        assertEquals(
            List.of(java.time.LocalDateTime.of(2026, 1, 1, 0, 0)),
            jar.stream().map(java.util.zip.ZipEntry::getTimeLocal).distinct().toList());
      }
    }
  }
}
