package org.felucca.updater;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Version;

/**
 * What is installed beyond the distribution: the file {@code installed} of the root's folder {@code
 * bundles}, a line {@code symbolic-name version sha256} each, and the jars beside it by digest. The
 * launcher reads it at the start.
 */
final class InstalledBundles {
  private static final Logger LOG = Logger.getLogger(InstalledBundles.class.getName());

  /** A line of the file. */
  record Entry(String symbolicName, Version version, String sha256) {
    private String line() {
      return symbolicName + " " + version + " " + sha256;
    }
  }

  private final Path folder;
  private final Map<String, Entry> entries = new TreeMap<>();

  InstalledBundles(Path root) {
    this.folder = root.resolve("bundles");
    try {
      Files.createDirectories(folder);
      Path file = folder.resolve("installed");
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
          read(line);
        }
      }
    } catch (IOException e) {
      throw EngineException.internal("read " + folder + "/installed: " + e.getMessage(), e);
    }
  }

  private void read(String line) {
    String[] parts = line.strip().split(" +", -1);
    try {
      if (parts.length == 3) {
        Digest.parse("sha256:" + parts[2]);
        entries.put(parts[0], new Entry(parts[0], Version.parseVersion(parts[1]), parts[2]));
        return;
      }
    } catch (EngineException | IllegalArgumentException e) {
      LOG.log(Level.FINE, "line not understood", e);
    }
    LOG.log(Level.WARNING, "line ignored file={0}/installed line={1}", new Object[] {folder, line});
  }

  @Nullable Entry get(String symbolicName) {
    return entries.get(symbolicName);
  }

  /** Copies a jar to where it stays. */
  Path keep(BundleJar jar) {
    Path target = jar(jar.digest().hex());
    if (Files.exists(target)) {
      return target;
    }
    try {
      Path partial = Files.createTempFile(folder, "new", ".part");
      try {
        Files.copy(jar.path(), partial, StandardCopyOption.REPLACE_EXISTING);
        sync(partial);
        if (!BundleJar.read(partial).digest().equals(jar.digest())) {
          throw EngineException.invalid(
              "bundle "
                  + jar.path()
                  + " changed while it was read; write it elsewhere and move it here");
        }
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(partial);
      }
      sync(folder);
      return target;
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "keep bundle " + jar + ": " + e.getMessage(), e);
    }
  }

  private Path jar(String sha256) {
    return folder.resolve(sha256 + ".jar");
  }

  /** Replaces the file in one step. */
  void record(Collection<BundleJar> added, Collection<String> removed) {
    Map<String, Entry> next = new TreeMap<>(entries);
    removed.forEach(next::remove);
    added.forEach(
        jar ->
            next.put(
                jar.symbolicName(),
                new Entry(jar.symbolicName(), jar.version(), jar.digest().hex())));
    StringBuilder text = new StringBuilder();
    next.values().forEach(entry -> text.append(entry.line()).append('\n'));
    try {
      Path partial = folder.resolve("installed.part");
      Files.writeString(partial, text);
      sync(partial);
      Files.move(
          partial,
          folder.resolve("installed"),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
      sync(folder);
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "write " + folder + "/installed: " + e.getMessage(), e);
    }
    entries.clear();
    entries.putAll(next);
    prune();
  }

  /** Deletes jars that nothing names any more. */
  private void prune() {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        boolean named =
            entries.values().stream().anyMatch(entry -> name.equals(entry.sha256() + ".jar"));
        if (name.endsWith(".jar") && !named) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "old bundles not deleted", e);
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
