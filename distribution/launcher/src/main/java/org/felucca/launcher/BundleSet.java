package org.felucca.launcher;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Version;

/**
 * Which jars are to run: the distribution's bundles, and above them what the updater installed.
 *
 * <p>The updater's record is {@code <root>/bundles/installed}, one line a bundle: symbolic name,
 * version, SHA-256; the jar is {@code <root>/bundles/<sha256>.jar}. A line wins over the
 * distribution's bundle of that name unless the distribution is newer; a name that the distribution
 * does not have is run in addition. A line that makes no sense is reported and left out: it never
 * keeps the engine from starting.
 */
final class BundleSet {
  private static final Logger LOG = Logger.getLogger(BundleSet.class.getName());

  /** A jar to install, in the order of its symbolic name or file name. */
  record Jar(String name, Path path) {}

  private record Installed(Version version, Path jar) {}

  private BundleSet() {}

  /**
   * Reads both folders.
   *
   * @param distribution the distribution's {@code bundles} folder
   * @param updated the updater's {@code <root>/bundles}; need not exist
   * @throws StartException if the distribution has no bundles
   */
  static List<Jar> read(Path distribution, Path updated) throws StartException {
    Map<String, Installed> installed = installed(updated);
    Map<String, Path> jars = jars(distribution);
    List<Jar> run = new ArrayList<>();
    for (Map.Entry<String, Path> jar : jars.entrySet()) {
      // Reading a manifest opens the jar, which costs a millisecond each: only when there is
      // something to compare.
      run.add(
          installed.isEmpty()
              ? new Jar(jar.getKey(), jar.getValue())
              : newer(jar.getKey(), jar.getValue(), installed));
    }
    installed.forEach(
        (name, bundle) -> {
          LOG.log(
              Level.INFO,
              "bundle from the updater name={0} version={1}",
              new Object[] {name, bundle.version});
          run.add(new Jar(name, bundle.jar));
        });
    return run;
  }

  /** Takes the entry of this bundle's name out of the map, and gives the newer of the two jars. */
  private static Jar newer(String file, Path jar, Map<String, Installed> installed)
      throws StartException {
    try (JarFile open = new JarFile(jar.toFile())) {
      Manifest manifest = open.getManifest();
      String header =
          manifest == null ? null : manifest.getMainAttributes().getValue("Bundle-SymbolicName");
      if (manifest == null || header == null) {
        return new Jar(file, jar);
      }
      int semicolon = header.indexOf(';');
      String name = (semicolon < 0 ? header : header.substring(0, semicolon)).strip();
      Installed other = installed.remove(name);
      if (other == null) {
        return new Jar(file, jar);
      }
      Version version =
          Version.parseVersion(manifest.getMainAttributes().getValue("Bundle-Version"));
      if (other.version.compareTo(version) < 0) {
        LOG.log(
            Level.WARNING,
            "bundle of the updater left out, the distribution has a newer one name={0} version={1} distribution={2}",
            new Object[] {name, other.version, version});
        return new Jar(file, jar);
      }
      LOG.log(
          Level.INFO,
          "bundle from the updater name={0} version={1} distribution={2}",
          new Object[] {name, other.version, version});
      return new Jar(file, other.jar);
    } catch (IOException | IllegalArgumentException e) {
      throw new StartException(
          "cannot read the bundle "
              + jar
              + ": "
              + e.getMessage()
              + "; install the distribution again",
          e);
    }
  }

  private static Map<String, Path> jars(Path folder) throws StartException {
    Map<String, Path> jars = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
      files.forEach(file -> jars.put(file.getFileName().toString(), file));
    } catch (IOException e) {
      throw new StartException(
          "cannot read the bundles in "
              + folder
              + ": "
              + Folders.reason(e)
              + "; install the distribution again",
          e);
    }
    if (jars.isEmpty()) {
      throw new StartException(
          "there are no bundles in " + folder + "; install the distribution again");
    }
    return jars;
  }

  private static Map<String, Installed> installed(Path folder) {
    Path file = folder.resolve("installed");
    Map<String, Installed> installed = new HashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.isBlank() || line.startsWith("#")) {
          continue;
        }
        String[] fields = line.strip().split("\\s+");
        Path jar =
            fields.length == 3 && fields[2].matches("[0-9a-f]{64}")
                ? folder.resolve(fields[2] + ".jar")
                : null;
        Version version = jar == null ? null : version(fields[1]);
        if (jar == null || version == null || !Files.isRegularFile(jar)) {
          LOG.log(
              Level.WARNING,
              "installed bundle left out, its line is wrong or its jar is missing file={0} line={1}",
              new Object[] {file, line});
          continue;
        }
        installed.put(fields[0], new Installed(version, jar));
      }
    } catch (NoSuchFileException e) {
      // Nothing was ever installed: the usual case.
    } catch (IOException e) {
      LOG.log(
          Level.WARNING,
          "cannot read what the updater installed, starting with the distribution alone",
          e);
    }
    return installed;
  }

  private static @Nullable Version version(String text) {
    try {
      return Version.parseVersion(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
