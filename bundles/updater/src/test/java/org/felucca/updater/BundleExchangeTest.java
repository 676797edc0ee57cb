package org.felucca.updater;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.update.UpdateReport;
import org.felucca.updater.sample.Failing;
import org.felucca.updater.sample.Sample;
import org.felucca.updater.sample.Serving;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.launch.Framework;

class BundleExchangeTest {
  @TempDir Path temporary;
  private Framework framework;
  private BundleContext context;
  private BundleUpdater updater;
  private Path home;

  @BeforeEach
  void start() throws Exception {
    Path root = Files.createDirectories(temporary.resolve("root"));
    home = temporary.resolve("home");
    Files.createDirectories(home.resolve("bundles"));
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    "org.osgi.framework.storage", temporary.resolve("cache").toString(),
                    "org.osgi.framework.bsnversion", "multiple",
                    "felucca.root", root.toString(),
                    "felucca.home", home.toString()));
    framework.start();
    context = framework.getBundleContext();
    updater = new BundleUpdater(context);
  }

  @AfterEach
  void stop() throws Exception {
    framework.stop();
    framework.waitForStop(10_000);
  }

  private Path serving(String version) throws Exception {
    return new SampleJar("sample", version)
        .with("Bundle-Activator", Serving.class.getName())
        .with("Import-Package", "org.osgi.framework")
        .write(temporary.resolve("sample-" + version + ".jar"));
  }

  private Bundle only(String name) {
    List<Bundle> found =
        List.of(context.getBundles()).stream()
            .filter(bundle -> name.equals(bundle.getSymbolicName()))
            .toList();
    assertEquals(1, found.size(), () -> "bundles of the name: " + found);
    return found.getFirst();
  }

  @Test
  void install_newVersion_replacesTheOldOne() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    UpdateReport report = updater.install(List.of(serving("1.1.0")));

    assertEquals("1.1.0", only("sample").getVersion().toString());
    assertEquals(Bundle.ACTIVE, only("sample").getState());
    assertTrue(report.changed().getFirst().contains("1.0.0 -> 1.1.0"), report::toString);
    assertTrue(
        Files.readString(temporary.resolve("root/bundles/installed")).startsWith("sample 1.1.0 "));
  }

  @Test
  void install_sameVersionOtherBytes_replaces() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    Path other =
        new SampleJar("sample", "1.0.0")
            .with("Bundle-Activator", Serving.class.getName())
            .with("Import-Package", "org.osgi.framework")
            .with("Bundle-Name", "other bytes")
            .write(temporary.resolve("other.jar"));
    updater.install(List.of(other));

    assertEquals("other bytes", only("sample").getHeaders().get("Bundle-Name"));
  }

  @Test
  void install_sameBytes_changesNothing() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    Bundle before = only("sample");

    assertEquals(List.of(), updater.install(List.of(serving("1.0.0"))).changed());
    assertEquals(before, only("sample"));
  }

  @Test
  void install_doesNotResolve_leavesTheOldOneServing() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    Bundle before = only("sample");
    Path broken =
        new SampleJar("sample", "2.0.0")
            .with("Import-Package", "no.such.thing")
            .write(temporary.resolve("broken.jar"));

    EngineException e = assertThrows(EngineException.class, () -> updater.install(List.of(broken)));
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    assertTrue(e.getMessage().contains("no.such.thing"), e.getMessage());
    assertEquals(before, only("sample"));
    assertEquals(Bundle.ACTIVE, before.getState());
  }

  @Test
  void install_doesNotStart_putsTheOldOneBack() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    Path failing =
        new SampleJar("sample", "2.0.0")
            .with("Bundle-Activator", Failing.class.getName())
            .with("Import-Package", "org.osgi.framework")
            .write(temporary.resolve("failing.jar"));

    EngineException e =
        assertThrows(EngineException.class, () -> updater.install(List.of(failing)));
    assertTrue(e.getMessage().contains("out of luck"), e.getMessage());
    assertEquals("1.0.0", only("sample").getVersion().toString());
    assertNotNull(context.getAllServiceReferences(Sample.class.getName(), null));
    assertTrue(
        Files.readString(temporary.resolve("root/bundles/installed")).startsWith("sample 1.0.0 "));
  }

  @Test
  void install_incompatibleExport_isRefusedForItsImporters() throws Exception {
    Path exporter =
        new SampleJar("exporter", "1.0.0")
            .with("Export-Package", "org.felucca.updater.sample;version=1.0.0")
            .with("Import-Package", "org.osgi.framework")
            .write(temporary.resolve("exporter.jar"));
    Path importer =
        new SampleJar("importer", "1.0.0")
            .with("Import-Package", "org.felucca.updater.sample;version=\"[1,2)\"")
            .write(temporary.resolve("importer.jar"));
    updater.install(List.of(exporter, importer));
    Path second =
        new SampleJar("exporter", "2.0.0")
            .with("Export-Package", "org.felucca.updater.sample;version=2.0.0")
            .with("Import-Package", "org.osgi.framework")
            .write(temporary.resolve("exporter2.jar"));

    EngineException e = assertThrows(EngineException.class, () -> updater.install(List.of(second)));
    assertTrue(e.getMessage().contains("importer"), e.getMessage());
    assertEquals("1.0.0", only("exporter").getVersion().toString());

    Path fitting =
        new SampleJar("exporter", "1.1.0")
            .with("Export-Package", "org.felucca.updater.sample;version=1.1.0")
            .with("Import-Package", "org.osgi.framework")
            .write(temporary.resolve("exporter11.jar"));
    assertEquals(List.of("importer"), updater.install(List.of(fitting)).restarted());
    assertEquals(Bundle.ACTIVE, only("importer").getState());
  }

  @Test
  void remove_updatedBundleOfTheDistribution_goesBack() throws Exception {
    Files.copy(serving("1.0.0"), home.resolve("bundles/sample.jar"));
    context.installBundle("reference:" + home.resolve("bundles/sample.jar").toUri()).start();
    updater.install(List.of(serving("1.1.0")));

    updater.remove("sample");
    assertEquals("1.0.0", only("sample").getVersion().toString());
    assertEquals("", Files.readString(temporary.resolve("root/bundles/installed")));
    assertEquals(
        ErrorKind.FAILED_PRECONDITION,
        assertThrows(EngineException.class, () -> updater.remove("sample")).kind());
  }

  @Test
  void remove_addedBundle_uninstallsIt() throws Exception {
    updater.install(List.of(serving("1.0.0")));
    updater.remove("sample");

    assertNull(new BundleExchange(context).running("sample"));
    assertEquals(
        ErrorKind.NOT_FOUND,
        assertThrows(EngineException.class, () -> updater.remove("sample")).kind());
  }

  @Test
  void install_damagedOrNoBundle_isRefused() throws Exception {
    Path jar = serving("1.0.0");
    byte[] bytes = Files.readAllBytes(jar);
    for (int cut : new int[] {0, 10, bytes.length / 2, bytes.length - 30}) {
      Path damaged = temporary.resolve("damaged.jar");
      Files.write(damaged, java.util.Arrays.copyOf(bytes, cut));
      assertEquals(
          ErrorKind.INVALID_ARGUMENT,
          assertThrows(EngineException.class, () -> updater.install(List.of(damaged))).kind());
    }
    assertEquals(
        ErrorKind.INVALID_ARGUMENT,
        assertThrows(
                EngineException.class,
                () -> updater.install(List.of(temporary.resolve("not-there.jar"))))
            .kind());
  }
}
