package org.felucca.busybox;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusyboxImageTest {
  private static final byte[] BUSYBOX = "not really".getBytes(StandardCharsets.UTF_8);
  private static final List<String> APPLETS = List.of("bin/sh", "usr/bin/awk");

  @TempDir Path temp;

  private static byte[] layer() throws IOException {
    return new Rootfs(BUSYBOX, APPLETS).layer();
  }

  private static Map<String, TarArchiveEntry> entries(byte[] layer) throws IOException {
    Map<String, TarArchiveEntry> entries = new LinkedHashMap<>();
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new ByteArrayInputStream(layer))) {
      for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
        entries.put(e.getName(), e);
      }
    }
    return entries;
  }

  @Test
  void layer_has_programLinksUsersAndModes() throws IOException {
    Map<String, TarArchiveEntry> entries = entries(layer());
    assertEquals(BUSYBOX.length, entries.get("bin/busybox").getSize());
    assertEquals("/bin/busybox", entries.get("usr/bin/awk").getLinkName());
    assertEquals(01777, entries.get("tmp/").getMode() & 07777);
    assertEquals(0700, entries.get("root/").getMode() & 07777);
    assertTrue(entries.containsKey("usr/bin/") && entries.containsKey("etc/passwd"));
  }

  @Test
  void layer_entries_areSortedFoldersFirstAndOfOneTime() throws IOException {
    List<String> seen = new ArrayList<>();
    for (TarArchiveEntry entry : entries(layer()).values()) {
      String name = entry.getName().replaceAll("/$", "");
      int slash = name.lastIndexOf('/');
      assertTrue(slash < 0 || seen.contains(name.substring(0, slash)), name + " has no folder yet");
      assertEquals(Rootfs.TIME_SECONDS * 1000, entry.getModTime().getTime());
      assertEquals(0, entry.getLongUserId());
      seen.add(name);
    }
    assertEquals(seen.stream().sorted().toList(), seen);
  }

  @Test
  void write_twice_givesTheSameBytes() throws IOException {
    for (String name : List.of("a", "b")) {
      new Layout(temp.resolve(name)).write(layer(), "amd64", "sha256:x");
    }
    assertEquals(content(temp.resolve("a")).keySet(), content(temp.resolve("b")).keySet());
    content(temp.resolve("a"))
        .forEach((file, bytes) -> assertArrayEquals(bytes, read(temp.resolve("b").resolve(file))));
  }

  @Test
  void write_digestsAndSizes_areThoseOfTheBlobs() throws IOException {
    new Layout(temp.resolve("a")).write(layer(), "amd64", "sha256:x");
    Matcher descriptor =
        Pattern.compile("\"digest\":\"(sha256:[0-9a-f]{64})\",\"size\":(\\d+)")
            .matcher(
                content(temp.resolve("a")).values().stream()
                    .map(bytes -> new String(bytes, StandardCharsets.ISO_8859_1))
                    .reduce("", String::concat));
    int found = 0;
    while (descriptor.find()) {
      byte[] blob = read(blob(descriptor.group(1)));
      assertEquals(descriptor.group(1), Layout.digest(blob));
      assertEquals(Long.parseLong(descriptor.group(2)), blob.length);
      found++;
    }
    assertEquals(3, found, "manifest, configuration and layer");
  }

  @Test
  void write_diffId_isTheDigestOfTheUncompressedLayer() throws IOException {
    new Layout(temp.resolve("a")).write(layer(), "amd64", "sha256:x");
    String all =
        content(temp.resolve("a")).values().stream()
            .filter(bytes -> bytes.length > 0 && bytes[0] == '{')
            .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
            .reduce("", String::concat);
    assertTrue(all.contains("\"diff_ids\":[\"" + Layout.digest(layer()) + "\"]"), all);
    Matcher layer = Pattern.compile("tar\\+gzip\",\"digest\":\"(sha256:\\w+)\"").matcher(all);
    assertTrue(layer.find());
    try (GZIPInputStream gzip =
        new GZIPInputStream(new ByteArrayInputStream(read(blob(layer.group(1)))))) {
      assertArrayEquals(layer(), gzip.readAllBytes());
    }
  }

  @Test
  void isMadeFrom_anotherBusybox_isFalse() throws IOException {
    Layout layout = new Layout(temp.resolve("a"));
    assertFalse(layout.isMadeFrom("sha256:x"));
    layout.write(layer(), "amd64", "sha256:x");
    assertTrue(layout.isMadeFrom("sha256:x"));
    assertFalse(layout.isMadeFrom("sha256:y"));
  }

  @Test
  void staticElf_knowsProgramsApart() throws IOException {
    assertFalse(StaticElf.is(BUSYBOX));
    assertFalse(StaticElf.is(read(Path.of(System.getProperty("java.home"), "bin/java"))));
    byte[] truncated = read(Path.of("/bin/busybox"));
    assertTrue(StaticElf.is(truncated), "/bin/busybox is Debian's busybox-static");
    assertFalse(StaticElf.is(java.util.Arrays.copyOf(truncated, 64)));
  }

  private Path blob(String digest) {
    return temp.resolve("a/blobs").resolve(digest.replace(':', '/'));
  }

  private static Map<Path, byte[]> content(Path folder) throws IOException {
    Map<Path, byte[]> content = new LinkedHashMap<>();
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.filter(Files::isRegularFile)
          .sorted()
          .forEach(file -> content.put(folder.relativize(file), read(file)));
    }
    return content;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
