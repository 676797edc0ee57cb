package org.felucca.busybox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** An OCI image layout with one image of one layer. */
final class Layout {
  private static final String CREATED = "2026-01-01T00:00:00Z";
  private static final String SOURCE = "org.felucca.busybox.digest";

  private final Path folder;

  Layout(Path folder) {
    this.folder = folder;
  }

  /** Whether the layout is there, and was made from the busybox of this digest. */
  boolean isMadeFrom(String busybox) throws IOException {
    Path index = folder.resolve("index.json");
    return Files.exists(index) && Files.readString(index).contains("\"" + busybox + "\"");
  }

  /**
   * Writes the layout anew.
   *
   * @param layer an uncompressed tar
   * @param architecture as Go names it
   * @param busybox the digest of what the layer was made from
   */
  void write(byte[] layer, String architecture, String busybox) throws IOException {
    remove();
    Files.createDirectories(folder.resolve("blobs/sha256"));
    String compressed = blob("application/vnd.oci.image.layer.v1.tar+gzip", gzip(layer));
    String config =
        blob(
            "application/vnd.oci.image.config.v1+json",
            """
            {"created":"%s","architecture":"%s","os":"linux",\
            "config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"]},\
            "rootfs":{"type":"layers","diff_ids":["%s"]},\
            "history":[{"created":"%s","created_by":"busybox of Debian's busybox-static"}]}"""
                .formatted(CREATED, architecture, digest(layer), CREATED));
    String manifest =
        blob(
            "application/vnd.oci.image.manifest.v1+json",
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}"""
                .formatted(config, compressed));
    String described =
        manifest.substring(0, manifest.length() - 1)
            + """
            ,"platform":{"architecture":"%s","os":"linux"},"annotations":{\
            "io.containerd.image.name":"docker.io/library/busybox:latest",\
            "org.opencontainers.image.ref.name":"busybox","%s":"%s"}}"""
                .formatted(architecture, SOURCE, busybox);
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    // Last: a layout without it is none, and is made again.
    Files.writeString(
        folder.resolve("index.json"),
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}"""
            .formatted(described));
  }

  private void remove() throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> tree = Files.walk(folder)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private String blob(String mediaType, String content) throws IOException {
    return blob(mediaType, content.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a blob, and gives its descriptor as JSON. */
  private String blob(String mediaType, byte[] content) throws IOException {
    String digest = digest(content);
    Files.write(folder.resolve("blobs").resolve(digest.replace(':', '/')), content);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(mediaType, digest, content.length);
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) { // its header has neither time nor name
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  static String digest(byte[] content) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return "sha256:" + HexFormat.of().formatHex(sha256.digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
