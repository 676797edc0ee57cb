package org.felucca.clients;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/** Makes other versions of the distribution's bundles. */
final class BundleVersions {
  private final Path bundles;

  BundleVersions(Path bundles) {
    this.bundles = bundles;
  }

  /** The jars of our own bundles by symbolic name. */
  Map<String, Path> ours() {
    Map<String, Path> jars = new TreeMap<>();
    try (Stream<Path> files = Files.list(bundles)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".jar")).toList()) {
        try (JarFile jar = new JarFile(file.toFile())) {
          String name = jar.getManifest().getMainAttributes().getValue("Bundle-SymbolicName");
          if (name != null && name.startsWith("felucca.")) {
            jars.put(name, file);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return jars;
  }

  /** Writes a jar with other headers beside the target, then moves it there in one step. */
  static void write(Path original, Map<String, String> headers, Path target) {
    Path partial = target.resolveSibling(target.getFileName() + ".part");
    try (JarFile jar = new JarFile(original.toFile());
        OutputStream file = Files.newOutputStream(partial)) {
      Manifest manifest = new Manifest(jar.getManifest());
      headers.forEach(
          (name, value) -> manifest.getMainAttributes().put(new Attributes.Name(name), value));
      try (JarOutputStream out = new JarOutputStream(file, manifest)) {
        for (JarEntry entry : jar.stream().toList()) {
          if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
            out.putNextEntry(new JarEntry(entry.getName()));
            jar.getInputStream(entry).transferTo(out);
          }
        }
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
