package org.felucca.updater;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.felucca.updater.sample.Failing;
import org.felucca.updater.sample.Sample;
import org.felucca.updater.sample.Serving;

/** Makes bundles for the tests. */
final class SampleJar {
  private final Map<String, String> headers = new LinkedHashMap<>();

  SampleJar(String name, String version) {
    headers.put("Manifest-Version", "1.0");
    headers.put("Bundle-ManifestVersion", "2");
    headers.put("Bundle-SymbolicName", name);
    headers.put("Bundle-Version", version);
  }

  SampleJar with(String header, String value) {
    headers.put(header, value);
    return this;
  }

  Path write(Path file) throws IOException {
    Manifest manifest = new Manifest();
    headers.forEach(
        (name, value) -> manifest.getMainAttributes().put(new Attributes.Name(name), value));
    try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
      for (Class<?> type :
          List.of(Sample.class, Serving.class, Failing.class, anonymous(Serving.class))) {
        String name = type.getName().replace('.', '/') + ".class";
        jar.putNextEntry(new JarEntry(name));
        try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
          in.transferTo(jar);
        }
      }
    }
    return file;
  }

  private static Class<?> anonymous(Class<?> outer) {
    try {
      return Class.forName(outer.getName() + "$1");
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }
}
