package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Writes image archives as {@code docker save} does, of one layer. */
final class DockerArchive {
  private final Path folder;
  private final Path files;
  private String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  private String diffId = "";

  private DockerArchive(Path folder, Path files) {
    this.folder = folder;
    this.files = files;
  }

  /** An image of nothing but a file of some megabytes that cannot be compressed. */
  static DockerArchive ofOneFile(Path folder, int megabytes) {
    DockerArchive archive = create(folder);
    run(folder, "head -c " + megabytes + "M /dev/urandom > '" + archive.files + "/large'");
    return archive;
  }

  /** An image of many small files. */
  static DockerArchive ofManyFiles(Path folder, int count) {
    DockerArchive archive = create(folder);
    run(
        archive.files,
        "i=0; while [ $i -lt " + count + " ]; do echo $i > file-$i; i=$((i+1)); done");
    return archive;
  }

  private static DockerArchive create(Path folder) {
    try {
      Path own = Files.createTempDirectory(folder, "archive-");
      return new DockerArchive(own, Files.createDirectory(own.resolve("files")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says that it is for other machines. */
  DockerArchive architecture(String name) {
    architecture = name;
    return this;
  }

  /** Says that the layer's contents have this digest. */
  DockerArchive claims(String digest) {
    diffId = digest;
    return this;
  }

  /** Writes it; returns the tar. */
  Path write(String name) {
    try {
      run(folder, "tar -cf layer.tar -C files .");
      String digest = diffId.isEmpty() ? sha256(folder.resolve("layer.tar")) : diffId;
      Files.writeString(
          folder.resolve("config.json"),
          """
          {"architecture":"%s","os":"linux","config":{"Cmd":["/none"]},
           "rootfs":{"type":"layers","diff_ids":["%s"]}}
          """
              .formatted(architecture, digest));
      Files.writeString(
          folder.resolve("manifest.json"),
          """
          [{"Config":"config.json","RepoTags":["%s:latest"],"Layers":["layer.tar"]}]
          """
              .formatted(name));
      run(folder, "tar -cf image.tar manifest.json config.json layer.tar");
      return folder.resolve("image.tar");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(Path folder, String script) {
    Commands.run(folder, List.of("sh", "-ec", script)).ok();
  }

  private static String sha256(Path file) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return "sha256:" + HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
