package org.felucca.shim;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.Fifos;
import org.felucca.linux.Mounts;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.Trees;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one task, laid out as containerd does it, since shims look there. It is made with
 * its intent record first, and goes by being renamed aside, so that it is there whole or not at
 * all. All methods hold the thread: they are called on {@link DiskThreads}.
 */
final class BundleFolder {
  /** How folders are called that are being removed; no container is called so. */
  static final String REMOVED = ".removed-";

  private static final Logger LOG = Logger.getLogger(BundleFolder.class.getName());
  private static final String INTENT = "felucca.json";
  private static final byte[] MAPPINGS = "\"gidMappings\"".getBytes(StandardCharsets.US_ASCII);

  /** What is just being deleted, so that nobody takes it for a leftover. */
  private static final Set<Path> GOING = ConcurrentHashMap.newKeySet();

  private final Key key;
  private final Path path;
  private final Path work;

  BundleFolder(ShimSettings settings, Key key) {
    this.key = key;
    this.path = settings.tasks().resolve(key.namespace().value()).resolve(key.id().value());
    this.work = settings.works().resolve(key.namespace().value()).resolve(key.id().value());
  }

  Key key() {
    return key;
  }

  Path path() {
    return path;
  }

  boolean exists() {
    return Files.isDirectory(path);
  }

  /**
   * Makes it.
   *
   * @throws EngineException ALREADY_EXISTS
   */
  void create(Intent intent, byte[] spec) throws IOException {
    makeFolders(path.getParent());
    try {
      Files.createDirectory(path);
    } catch (FileAlreadyExistsException e) {
      throw EngineException.alreadyExists(
          "container %s has a task already, in %s".formatted(key, path));
    }
    permissions(path, "rwx------");
    writeIntent(intent);
    Files.write(path.resolve("config.json"), spec);
    admitMappedRoot(spec);
    Files.createDirectory(path.resolve("rootfs"));
    permissions(path.resolve("rootfs"), "rwx--x--x");
    makeFolders(work);
    Files.createSymbolicLink(path.resolve("work"), work);
    Files.writeString(path.resolve("shim-binary-path"), intent.shim());
    try (Dir folder = Dir.open(path.toString())) {
      Fifos.make(folder, "log", 0700);
    }
  }

  private static void makeFolders(@Nullable Path folder) throws IOException {
    if (folder != null && !Files.isDirectory(folder)) {
      makeFolders(folder.getParent());
      try {
        Files.createDirectory(folder);
        permissions(folder, "rwx--x--x");
      } catch (FileAlreadyExistsException e) {
        // Made by another launch at the same time.
        LOG.log(Level.FINEST, "folder is there folder={0}", folder);
      }
    }
  }

  private static void permissions(Path file, String text) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(text));
  }

  /** In a user namespace the container's root must get to its root file system. */
  private void admitMappedRoot(byte[] spec) throws IOException {
    if (!contains(spec, MAPPINGS)) {
      return;
    }
    JsonObject linux = RuntimeSpec.parse(spec).json().object("linux");
    if (linux == null) {
      return;
    }
    for (JsonObject mapping : linux.objects("gidMappings")) {
      if (mapping.number("containerID", -1) == 0) {
        Files.setAttribute(path, "unix:gid", (int) mapping.number("hostID", 0));
        permissions(path, "rwx--x---");
        return;
      }
    }
  }

  static boolean contains(byte[] bytes, byte[] wanted) {
    for (int at = 0; at + wanted.length <= bytes.length; at++) {
      int matched = 0;
      while (matched < wanted.length && bytes[at + matched] == wanted[matched]) {
        matched++;
      }
      if (matched == wanted.length) {
        return true;
      }
    }
    return false;
  }

  /** Opens the fifo of the shim's own log so that it has a reader as long as the result is open. */
  Descriptor openLog() {
    try (Dir folder = Dir.open(path.toString())) {
      return Fifos.open(folder, "log", OpenFlags.O_RDWR);
    }
  }

  /** Writes the intent record, or replaces it as a whole. */
  void writeIntent(Intent intent) throws IOException {
    Path written = path.resolve(INTENT + ".new");
    Files.write(written, Json.bytes(intent));
    Files.move(written, path.resolve(INTENT), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Reads the intent record.
   *
   * @return null if there is none
   * @throws EngineException INVALID_ARGUMENT if it is damaged
   */
  @Nullable Intent readIntent() throws IOException {
    byte[] bytes = read(INTENT);
    return bytes == null ? null : Json.read(bytes, Intent.class, path.resolve(INTENT).toString());
  }

  /** Writes where the shim listens, in the form that belongs to its protocol. */
  void writeAddress(Bootstrap bootstrap) throws IOException {
    if (bootstrap.protocol() == 2) {
      Files.writeString(path.resolve("address"), bootstrap.address());
    } else {
      byte[] json =
          JsonObject.create("bootstrap")
              .put("version", (long) bootstrap.protocol())
              .put("address", bootstrap.address())
              .put("protocol", "ttrpc")
              .bytes();
      Files.write(path.resolve("bootstrap.json"), json);
    }
  }

  /**
   * Where the shim listens, from what containerd too leaves in the folder; null if it is not said.
   */
  @Nullable Bootstrap readAddress() throws IOException {
    byte[] bytes = read("bootstrap.json");
    if (bytes == null) {
      bytes = read("address");
    }
    return bytes == null || bytes.length == 0 ? null : Bootstrap.parse(bytes);
  }

  /** The first line of a small file of the folder, or null. */
  @Nullable String readLine(String name) throws IOException {
    byte[] bytes = read(name);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8).strip();
  }

  /**
   * The process id of the container's first process, which the runtime wrote; 0 if it is not there.
   */
  int initPid() throws IOException {
    String line = readLine("init.pid");
    try {
      return line == null ? 0 : Integer.parseInt(line);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private byte @Nullable [] read(String name) throws IOException {
    try {
      return Files.readAllBytes(path.resolve(name));
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Unmounts what is left in it and deletes it, its record in the same step as the first of it. */
  void remove() throws IOException {
    deleteTree(work);
    if (!exists()) {
      return;
    }
    Mounts.unmountAll(path.resolve("rootfs").toString(), Mounts.MNT_DETACH);
    Path aside = path.resolveSibling(REMOVED + key.id() + "-" + UUID.randomUUID());
    GOING.add(aside);
    try {
      Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
      deleteTree(aside);
    } finally {
      GOING.remove(aside);
    }
  }

  /** Deletes what an earlier engine renamed aside and did not get to delete. */
  static void removeLeftover(Path folder) {
    if (!GOING.contains(folder)) {
      deleteTree(folder);
    }
  }

  /** Deletes a tree; what is mounted in it is detached, never entered. */
  private static void deleteTree(Path tree) {
    if (!Files.exists(tree)) {
      return;
    }
    Path parent = tree.getParent();
    Path name = tree.getFileName();
    if (parent == null || name == null) {
      throw new IllegalArgumentException("not a tree of ours: " + tree);
    }
    try (Dir folder = Dir.open(parent.toString())) {
      try {
        Trees.delete(folder, name.toString());
      } catch (org.felucca.linux.LinuxException e) {
        Mounts.detachBelow(tree.toString());
        Trees.delete(folder, name.toString());
      }
    }
  }

  /** Puts it where nobody takes it for a task's, for a person to look at. */
  Path setAside(ShimSettings settings) throws IOException {
    Path aside = settings.state().resolve("set-aside");
    makeFolders(aside);
    Path target = aside.resolve(key.namespace() + "-" + key.id() + "-" + UUID.randomUUID());
    Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
    return target;
  }
}
