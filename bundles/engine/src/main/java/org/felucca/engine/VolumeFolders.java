package org.felucca.engine;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.TreeArchives;
import org.felucca.api.diff.TreeArchives.Place;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.volume.Volume;
import org.felucca.linux.Dir;
import org.felucca.linux.FileData;
import org.felucca.linux.FileStat;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * Volumes on the disk: {@code <root>/volumes/<namespace>/<name>}, with the content in {@code _data}
 * and what is known of it in {@code volume.json}. A volume appears under its name when it is whole,
 * and its first content likewise.
 *
 * @param parent the folder of the namespace
 */
record VolumeFolders(Path parent) {
  private static final Logger LOG = Logger.getLogger(VolumeFolders.class.getName());

  private static final String DATA = "_data";
  private static final String COPY = "_copy";
  private static final String NOTE = "volume.json";

  /** What no volume is called: it is on its way in or out. */
  private static final String PASSING = ".";

  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,199}";

  /** What is kept of a volume beside its content. */
  private record Note(Instant createdAt, Map<String, String> labels, boolean anonymous) {
    Note {
      labels = Map.copyOf(labels);
    }
  }

  /** Refuses a name of another grammar. */
  static String checkName(String option, String name) {
    if (!name.matches(NAME)) {
      throw EngineException.invalid(
          "%s: %s is no name for a volume: use letters, digits, dots, dashes and underscores; a path begins with / or ./"
              .formatted(option, Identifiers.quote(name)));
    }
    return name;
  }

  private Path folder(String name) {
    return parent.resolve(name);
  }

  /** Where the content of a volume is. */
  Path data(String name) {
    return folder(name).resolve(DATA);
  }

  /** A volume with no users yet, or null if there is none. */
  @Nullable Volume find(String name) {
    Path folder = folder(name);
    try {
      byte[] bytes = Files.readAllBytes(folder.resolve(NOTE));
      Note note = Json.read(bytes, Note.class, "volume " + name);
      return new Volume(
          name, data(name), note.labels(), note.createdAt(), note.anonymous(), List.of());
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw EngineException.internal("read volume " + name + ": " + e.getMessage(), e);
    }
  }

  /** The names of all volumes, sorted. */
  List<String> names() {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(parent)) {
      return folders
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith(PASSING))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw EngineException.internal("list the volumes in " + parent + ": " + e.getMessage(), e);
    }
  }

  /**
   * Makes a volume.
   *
   * @param unique made up for this
   * @return false if there is one of this name already
   */
  boolean make(
      String name, Map<String, String> labels, boolean anonymous, Instant now, String unique) {
    Path fresh = folder(PASSING + "new-" + unique);
    try {
      FileTrees.make(parent);
      FileTrees.make(fresh);
      Path data = Files.createDirectory(fresh.resolve(DATA));
      Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path note = fresh.resolve(NOTE);
      Files.write(note, Json.bytes(new Note(now, labels, anonymous)));
      if (!anonymous) {
        sync(note);
        sync(fresh);
      }
      Files.move(fresh, folder(name), StandardCopyOption.ATOMIC_MOVE);
      if (!anonymous) {
        sync(parent);
      }
      return true;
    } catch (FileAlreadyExistsException
        | DirectoryNotEmptyException
        | AtomicMoveNotSupportedException e) {
      FileTrees.delete(fresh);
      return false;
    } catch (IOException e) {
      FileTrees.delete(fresh);
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED, "make volume " + name + ": " + e.getMessage(), e);
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Fills a volume that is empty with what a root file system has at a path; links on the way end
   * in that root (CVE-2022-23648).
   *
   * @param root how that root file system is mounted
   * @return whether it was empty
   */
  boolean fill(String name, TreeArchives trees, List<Mount> root, String path) {
    Path copy = folder(name).resolve(COPY);
    try {
      try (Dir data = Dir.open(data(name).toString())) {
        if (!data.isEmpty()) {
          return false;
        }
      }
      if (!isFolder(trees, new Place(root, path + "/."))) {
        return false;
      }
      FileTrees.delete(copy);
      FileTrees.make(copy);
      trees.copy(new Place(root, path + "/"), "", Place.of(copy.toString()), null);
      try (Dir to = Dir.open(copy.toString())) {
        if (!to.isEmpty()) {
          FileData.syncFileSystem(to.descriptor());
        }
      }
      Files.move(copy, data(name), StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (LinuxException | IOException e) {
      throw new EngineException(
          ErrorKind.RESOURCE_EXHAUSTED,
          "fill volume %s with what the image has at %s: %s".formatted(name, path, e.getMessage()),
          e);
    }
  }

  /** Where an image has a file, or nothing at all, there is nothing to fill a volume with. */
  private static boolean isFolder(TreeArchives trees, Place place) {
    try {
      return trees.stat(place).filter(facts -> facts.kind() == FileFacts.Kind.FOLDER).isPresent();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.INVALID_ARGUMENT) {
        return false;
      }
      throw e;
    }
  }

  /** Gives a volume the owner and the mode of a folder of a root file system. */
  void dress(String name, Path rootfs, String path) {
    try (Dir root = Dir.open(rootfs.toString());
        Dir from = root.openDirInRoot(path);
        Dir data = Dir.open(data(name).toString())) {
      FileStat stat = from.stat();
      InodeAttributes.chown(data.descriptor(), stat.uid(), stat.gid());
      InodeAttributes.chmod(data.descriptor(), stat.permissions());
    } catch (LinuxException e) {
      throw EngineException.internal(
          "give volume %s the owner that %s has in the image: %s"
              .formatted(name, path, e.getMessage()),
          e);
    }
  }

  /**
   * Takes a volume out of sight; its name is free at once.
   *
   * @param unique made up for this
   * @return what is left to delete, or null if there was none
   */
  @Nullable Path retire(String name, String unique) {
    Path gone = folder(PASSING + "gone-" + unique);
    try {
      return Files.move(folder(name), gone, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw EngineException.internal("remove volume " + name + ": " + e.getMessage(), e);
    }
  }

  /** What an engine that was killed left half-done. */
  List<Path> leftovers() {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(parent)) {
      return folders.filter(path -> path.getFileName().toString().startsWith(PASSING)).toList();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "leftovers of volumes not swept folder=" + parent, e);
      return List.of();
    }
  }
}
