package org.felucca.updater;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipException;
import org.felucca.api.EngineException;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;

/**
 * A jar that was read from its first to its last byte and is a bundle.
 *
 * @param path where it is
 * @param symbolicName its symbolic name
 * @param version its version
 * @param digest the digest of the file
 */
record BundleJar(Path path, String symbolicName, Version version, Digest digest) {
  private static final long LARGEST = 512L << 20;

  /**
   * Reads a jar.
   *
   * @throws EngineException INVALID_ARGUMENT if it is missing, damaged or no bundle
   */
  static BundleJar read(Path path) {
    try {
      if (!Files.isRegularFile(path)) {
        throw EngineException.invalid("bundle " + path + " is not there or no file");
      }
      if (Files.size(path) > LARGEST) {
        throw EngineException.invalid("bundle " + path + " is larger than 512 MiB");
      }
      Digest digest = digest(path);
      try (JarFile jar = new JarFile(path.toFile(), true)) {
        readAll(jar);
        Manifest manifest = jar.getManifest();
        String name =
            manifest == null
                ? null
                : manifest.getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
        if (manifest == null || name == null) {
          throw EngineException.invalid(
              path + " is no bundle: its manifest has no Bundle-SymbolicName; build it with bnd");
        }
        return new BundleJar(
            path,
            name.split(";", 2)[0].strip(),
            version(path, manifest.getMainAttributes().getValue(Constants.BUNDLE_VERSION)),
            digest);
      }
    } catch (ZipException | SecurityException e) {
      throw EngineException.invalid("bundle " + path + " is damaged: " + e.getMessage());
    } catch (IOException e) {
      throw EngineException.invalid("bundle " + path + " can't be read: " + e.getMessage());
    }
  }

  private static Version version(Path path, @Nullable String text) {
    try {
      return Version.parseVersion(text);
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid("bundle " + path + " has a malformed version: " + text);
    }
  }

  /** Checks every entry's checksum, and its signature if it has one. */
  private static void readAll(JarFile jar) throws IOException {
    byte[] buffer = new byte[64 << 10];
    for (JarEntry entry : jar.stream().toList()) {
      try (InputStream in = jar.getInputStream(entry)) {
        while (in.read(buffer) >= 0) {
          // only to be checked
        }
      }
    }
  }

  private static Digest digest(Path path) throws IOException {
    MessageDigest function = Digest.Algorithm.SHA256.newMessageDigest();
    byte[] buffer = new byte[64 << 10];
    try (InputStream in = Files.newInputStream(path)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        function.update(buffer, 0, count);
      }
    }
    return Digest.of(Digest.Algorithm.SHA256, function.digest());
  }

  @Override
  public String toString() {
    return symbolicName + " " + version;
  }
}
