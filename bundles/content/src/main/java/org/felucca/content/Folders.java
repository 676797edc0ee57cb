package org.felucca.content;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.felucca.api.content.Digest;

/** Where what lies below {@code <root>/content}. Paths are made of digests and hashes only. */
final class Folders {

  /** The mode of every folder. */
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  /** The mode of a file in the making. */
  static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");

  /** The mode of a finished blob. */
  static final Set<PosixFilePermission> BLOB = PosixFilePermissions.fromString("r--------");

  private final Path top;

  /** Makes what is missing, durably, and sets the modes. */
  Folders(Path top) throws IOException {
    this.top = top;
    for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
      make(blobs(algorithm));
    }
    make(ingests());
    make(top);
    make(top.resolve("blobs"));
    sync(top.resolve("blobs"));
    sync(top);
  }

  private static void make(Path folder) throws IOException {
    Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    Files.setPosixFilePermissions(folder, FOLDER);
  }

  Path blobs(Digest.Algorithm algorithm) {
    return top.resolve("blobs").resolve(algorithm.id());
  }

  Path blob(Digest digest) {
    return blobs(digest.algorithm()).resolve(digest.hex());
  }

  Path ingests() {
    return top.resolve("ingest");
  }

  Path ingest(String ref) {
    return ingests().resolve(Digest.sha256(ref.getBytes(UTF_8)).hex());
  }

  /** Makes the folder of an ingest. */
  static void makeIngest(Path folder) throws IOException {
    Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
  }

  /** Deletes an ingest's folder and the files in it; follows no link, quiet if there is none. */
  static void deleteIngest(Path folder) throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(folder);
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(folder);
  }

  /** Puts the names in a folder on the disk. */
  static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
