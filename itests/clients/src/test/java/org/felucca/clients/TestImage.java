package org.felucca.clients;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Makes OCI layouts, right and wrong ones. Every method changes the image and returns it. */
final class TestImage {
  private final List<byte[]> layers = new ArrayList<>();
  private final List<String> diffIds = new ArrayList<>();
  private String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  private String more = "";
  private String layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
  private String manifestType = "application/vnd.oci.image.manifest.v1+json";

  /** An entry of a layer. */
  @FunctionalInterface
  interface Entry {
    void write(TarArchiveOutputStream tar) throws IOException;
  }

  static Entry folder(String name) {
    return tar -> {
      tar.putArchiveEntry(entry(name + "/", TarConstants.LF_DIR, 0755));
      tar.closeArchiveEntry();
    };
  }

  static Entry file(String name, String text) {
    return file(name, text, 0644);
  }

  static Entry file(String name, String text, int mode) {
    return tar -> {
      TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, mode);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      entry.setSize(bytes.length);
      tar.putArchiveEntry(entry);
      tar.write(bytes);
      tar.closeArchiveEntry();
    };
  }

  /** With an extended attribute. */
  static Entry attributed(String name, String text, String attribute, String value) {
    return tar -> {
      TarArchiveEntry entry = entry(name, TarConstants.LF_NORMAL, 0644);
      entry.addPaxHeader("SCHILY.xattr." + attribute, value);
      entry.setSize(text.length());
      tar.putArchiveEntry(entry);
      tar.write(text.getBytes(StandardCharsets.UTF_8));
      tar.closeArchiveEntry();
    };
  }

  static Entry symbolicLink(String name, String target) {
    return link(name, target, TarConstants.LF_SYMLINK);
  }

  static Entry hardLink(String name, String target) {
    return link(name, target, TarConstants.LF_LINK);
  }

  private static Entry link(String name, String target, byte type) {
    return tar -> {
      TarArchiveEntry entry = entry(name, type, 0777);
      entry.setLinkName(target);
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
    };
  }

  private static TarArchiveEntry entry(String name, byte type, int mode) {
    TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
    entry.setMode(mode);
    entry.setModTime(0L);
    return entry;
  }

  static byte[] tar(Entry... entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (Entry entry : entries) {
        entry.write(tar);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** An image in which there are a shell and a few programs. */
  static TestImage busybox() {
    return new TestImage()
        .layer(
            folder("bin"),
            tar -> {
              byte[] busybox = Files.readAllBytes(Path.of("/bin/busybox"));
              TarArchiveEntry entry = entry("bin/busybox", TarConstants.LF_NORMAL, 0755);
              entry.setSize(busybox.length);
              tar.putArchiveEntry(entry);
              tar.write(busybox);
              tar.closeArchiveEntry();
            },
            symbolicLink("bin/sh", "busybox"),
            symbolicLink("bin/sleep", "busybox"),
            symbolicLink("bin/stat", "busybox"),
            symbolicLink("bin/cat", "busybox"));
  }

  /** Adds a layer. */
  TestImage layer(Entry... entries) {
    return rawLayer(tar(entries));
  }

  /** Adds a layer of these bytes, compressed. */
  TestImage rawLayer(byte[] tar) {
    layers.add(gzip(tar));
    diffIds.add(digest(tar));
    return this;
  }

  /** Says of the last layer that its content is another one. */
  TestImage wrongDiffId() {
    diffIds.set(diffIds.size() - 1, digest("another one".getBytes(StandardCharsets.UTF_8)));
    return this;
  }

  /** Says more of how its containers run, as members of the config's JSON. */
  TestImage config(String members) {
    more = "," + members;
    return this;
  }

  TestImage architecture(String name) {
    architecture = name;
    return this;
  }

  TestImage layerType(String mediaType) {
    layerType = mediaType;
    return this;
  }

  TestImage manifestType(String mediaType) {
    manifestType = mediaType;
    return this;
  }

  /** Writes it as an OCI layout below a new folder. */
  Path write(Path folder, String name) {
    Map<String, byte[]> blobs = new LinkedHashMap<>();
    List<String> descriptors = new ArrayList<>();
    for (byte[] layer : layers) {
      descriptors.add(descriptor(blobs, layerType, layer, ""));
    }
    String config =
        "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"],\"Env\":[\"PATH=/bin\"]%s},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}"
            .formatted(architecture, more, String.join("\",\"", diffIds));
    String manifest =
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":%s,\"layers\":[%s]}"
            .formatted(
                descriptor(blobs, "application/vnd.oci.image.config.v1+json", bytes(config), ""),
                String.join(",", descriptors));
    String index =
        "{\"schemaVersion\":2,\"manifests\":[%s]}"
            .formatted(
                descriptor(
                    blobs,
                    manifestType,
                    bytes(manifest),
                    ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" + name + "\"}"));
    try {
      Path all = Files.createDirectories(folder.resolve("blobs/sha256"));
      for (Map.Entry<String, byte[]> blob : blobs.entrySet()) {
        Files.write(all.resolve(blob.getKey()), blob.getValue());
      }
      Files.writeString(folder.resolve("index.json"), index);
      Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String descriptor(
      Map<String, byte[]> blobs, String mediaType, byte[] blob, String more) {
    String digest = digest(blob);
    blobs.put(digest.substring("sha256:".length()), blob);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}"
        .formatted(mediaType, digest, blob.length, more);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String digest(byte[] bytes) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      new ByteArrayInputStream(bytes).transferTo(gzip);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }
}
