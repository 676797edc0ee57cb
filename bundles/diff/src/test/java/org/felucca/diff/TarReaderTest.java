package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.FileNames;
import org.felucca.linux.Timestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
  @TempDir Path folder;

  /** In pieces of an odd length, so that every header lies across a border once. */
  private static TarReader reader(byte[] archive, int length) {
    int[] at = {0};
    return new TarReader(
        () -> {
          int count = Math.min(length, archive.length - at[0]);
          if (count == 0) {
            return null;
          }
          ByteBuffer piece = ByteBuffer.wrap(archive, at[0], count).slice();
          at[0] += count;
          return piece;
        });
  }

  private static Map<String, TarEntry> read(byte[] archive) {
    Map<String, TarEntry> entries = new LinkedHashMap<>();
    TarReader tar = reader(archive, 700);
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      entries.put(entry.name(), entry);
    }
    tar.drain();
    assertEquals(archive.length, tar.offset());
    return entries;
  }

  private static byte[] content(TarReader tar) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ByteBuffer data = tar.data(); data != null; data = tar.data()) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }

  private static void assertInvalid(byte[] archive) {
    EngineException e = assertThrows(EngineException.class, () -> read(archive));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
  }

  private byte[] run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    byte[] out = process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor(), String.join(" ", command));
    return out;
  }

  private static byte[] header(String name, char type, String size, int at, byte... more) {
    byte[] header = new byte[512];
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(text, 0, header, 0, text.length);
    put(header, 100, "0000644");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, size);
    put(header, 136, "00000000000");
    header[156] = (byte) type;
    put(header, 257, "ustar\00000");
    System.arraycopy(more, 0, header, at, more.length);
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte octet : header) {
      sum += octet & 0xFF;
    }
    put(header, 148, "%06o\0".formatted(sum));
    return header;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static byte[] pax(String... records) {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String record : records) {
      int length = record.length() + 2;
      int total = length + Integer.toString(length).length();
      total = length + Integer.toString(total).length();
      data.writeBytes((total + " " + record + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }
    byte[] bytes = data.toByteArray();
    return join(
        header("pax", 'x', "%011o".formatted(bytes.length), 0),
        Arrays.copyOf(bytes, (bytes.length + 511) / 512 * 512));
  }

  @ParameterizedTest
  @ValueSource(strings = {"v7", "ustar", "gnu", "oldgnu", "posix"})
  void next_archivesOfGnuTar_areRead(String format) throws Exception {
    Path top = Files.createDirectories(folder.resolve("top"));
    Files.writeString(top.resolve("file"), "content");
    Files.createLink(top.resolve("second"), top.resolve("file"));
    Files.createSymbolicLink(top.resolve("link"), Path.of("file"));
    String longName = "n".repeat(format.equals("v7") || format.equals("ustar") ? 80 : 200);
    Files.writeString(top.resolve(longName), "x");
    byte[] archive = run("tar", "--format=" + format, "--sort=name", "-cf", "-", "top");
    Map<String, TarEntry> entries = read(archive);
    assertEquals(TarEntry.Kind.DIRECTORY, entries.get("top/").kind());
    assertEquals(7, entries.get("top/file").size());
    assertEquals(TarEntry.Kind.HARD_LINK, entries.get("top/second").kind());
    assertEquals("top/file", entries.get("top/second").link());
    assertEquals("file", entries.get("top/link").link());
    assertTrue(entries.containsKey("top/" + longName));
    if (format.equals("posix")) {
      Timestamp time = Timestamp.of(Files.getLastModifiedTime(top.resolve("file")).toInstant());
      assertEquals(time, entries.get("top/file").modified());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pax", "ustar", "gnutar"})
  void next_archivesOfBsdtar_areRead(String format) throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/bsdtar")), "bsdtar is not installed");
    Path top = Files.createDirectories(folder.resolve("top/" + "d".repeat(60)));
    Files.writeString(top.resolve("file".repeat(12)), "content");
    Map<String, TarEntry> entries = read(run("bsdtar", "--format", format, "-cf", "-", "top"));
    assertEquals(7, entries.get(folder.relativize(top) + "/" + "file".repeat(12)).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--format=gnu",
        "--format=posix --sparse-version=0.0",
        "--format=posix --sparse-version=0.1",
        "--format=posix --sparse-version=1.0"
      })
  void next_sparseFilesOfGnuTar_haveTheirMap(String options) throws Exception {
    Path file = folder.resolve("sparse");
    try (var channel =
        java.nio.channels.FileChannel.open(
            file,
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.WRITE)) {
      for (int i = 1; i <= 40; i++) {
        channel.write(ByteBuffer.wrap(("part" + i).getBytes()), i * 1_000_000L);
      }
    }
    List<String> command = new ArrayList<>(List.of("tar"));
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-S", "-cf", "-", "sparse"));
    byte[] archive = run(command.toArray(String[]::new));
    assertTrue(archive.length < 2_000_000, "tar made no sparse archive");
    TarReader tar = reader(archive, 700);
    TarEntry entry = tar.next();
    assertEquals("sparse", entry.name());
    assertEquals(Files.size(file), entry.size());
    byte[] stored = content(tar);
    byte[] whole = new byte[(int) entry.size()];
    int at = 0;
    for (TarEntry.Extent extent : entry.extents()) {
      System.arraycopy(stored, at, whole, (int) extent.offset(), (int) extent.length());
      at += (int) extent.length();
    }
    assertEquals(stored.length, at);
    assertArrayEquals(Files.readAllBytes(file), whole);
    assertEquals(null, tar.next());
  }

  @Test
  void next_namesThatAreNoUtf8_surviveWithoutLoss() {
    byte[] name = {'a', (byte) 0xFF, (byte) 0xC3, 'z'};
    byte[] archive = join(header("x", '0', "00000000000", 0, name), new byte[1024]);
    String read = read(archive).keySet().iterator().next();
    assertArrayEquals(name, FileNames.encode(read));
  }

  @Test
  void next_binaryXattr_survivesWithoutLoss() {
    String value = "\u0001\u0000\u0000\u0002\u00ff\n=";
    byte[] archive =
        join(
            pax("SCHILY.xattr.security.capability=" + value),
            header("file", '0', "00000000000", 0),
            new byte[1024]);
    assertArrayEquals(
        value.getBytes(StandardCharsets.ISO_8859_1),
        read(archive).get("file").xattrs().get("security.capability"));
  }

  @Test
  void next_numbers_inBase256AndPax_areRead() {
    byte[] archive =
        join(
            header(
                "big",
                '0',
                "00000000000",
                108,
                (byte) 0x80,
                (byte) 0,
                (byte) 0,
                (byte) 0,
                (byte) 0xEE,
                (byte) 0x6B,
                (byte) 0x28,
                (byte) 0),
            header(
                "old",
                '0',
                "00000000000",
                136,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFF,
                (byte) 0xFE),
            pax("mtime=-1.25", "uid=3000000000", "path=named/by/pax"),
            header("pax", '0', "00000000000", 0),
            new byte[1024]);
    Map<String, TarEntry> entries = read(archive);
    assertEquals(4_000_000_000L, entries.get("big").uid());
    assertEquals(new Timestamp(-2, 0), entries.get("old").modified());
    assertEquals(new Timestamp(-2, 750_000_000), entries.get("named/by/pax").modified());
    assertEquals(3_000_000_000L, entries.get("named/by/pax").uid());
  }

  @Test
  void next_globalHeader_isPassedOver() {
    byte[] archive =
        join(
            header("pax", 'g', "00000000024", 0),
            Arrays.copyOf("20 path=everywhere.\n".getBytes(), 512),
            header("file", '0', "00000000000", 0),
            new byte[1024]);
    assertEquals(List.of("file"), List.copyOf(read(archive).keySet()));
  }

  @Test
  void next_malformedHeaders_areRefused() {
    byte[] end = new byte[1024];
    byte[] broken = header("file", '0', "00000000000", 0);
    broken[0] ^= 1;
    assertInvalid(join(broken, end));
    assertInvalid(join(header("file", '0', "0000000x000", 0), end));
    assertInvalid(join(header("file", 'M', "00000000000", 0), end));
    assertInvalid(
        join(
            header(
                "f",
                '0',
                "",
                124,
                new byte[] {
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF,
                  (byte) 0xFF
                }),
            end));
    assertInvalid(
        join(
            header("f", '0', "", 124, new byte[] {(byte) 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
            end));
    assertInvalid(join(header("pax", 'x', "77777777777", 0), end));
    assertInvalid(join(header("long", 'L', "00010000000", 0), end));
    assertInvalid(join(pax("path=a\u0000b"), header("file", '0', "00000000000", 0), end));
    assertInvalid(join(pax("size=-5"), header("file", '0', "00000000000", 0), end));
    assertInvalid(join(pax("uid=4294967295"), header("file", '0', "00000000000", 0), end));
    assertInvalid(join(pax("path=x")));
    assertInvalid(join(new byte[512], header("file", '0', "00000000000", 0), end));
    assertInvalid("this is no tar archive at all".repeat(100).getBytes());
  }

  @Test
  void next_wrongSparseMaps_areRefused() {
    byte[] end = new byte[1024];
    byte[] file = header("file", '0', "00000000000", 0);
    assertInvalid(join(pax("GNU.sparse.map=5,1", "GNU.sparse.size=9"), file, end));
    assertInvalid(join(pax("GNU.sparse.map=5,0,4,0", "GNU.sparse.size=9"), file, end));
    assertInvalid(join(pax("GNU.sparse.map=10,0", "GNU.sparse.size=9"), file, end));
    assertInvalid(join(pax("GNU.sparse.map=5", "GNU.sparse.size=9"), file, end));
    assertInvalid(
        join(pax("GNU.sparse.map=9223372036854775807,9", "GNU.sparse.size=9"), file, end));
    assertInvalid(join(pax("GNU.sparse.major=1", "GNU.sparse.realsize=9"), file, end));
    byte[] map = Arrays.copyOf("9999999999\n".getBytes(), 512);
    assertInvalid(
        join(
            pax("GNU.sparse.major=1", "GNU.sparse.realsize=9"),
            header("file", '0', "00000001000", 0),
            map,
            end));
  }

  @Test
  void next_cutOffAnywhere_neverYieldsAWrongEntry() {
    byte[] archive =
        new Layer()
            .folder("a")
            .file("a/" + "long".repeat(60), "content".repeat(100))
            .hardLink("b", "a/x")
            .bytes();
    int whole = read(archive).size();
    for (int length = 0; length < archive.length; length += 13) {
      byte[] part = Arrays.copyOf(archive, length);
      try {
        assertTrue(read(part).size() <= whole);
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
    assertInvalid(Arrays.copyOf(archive, 512 + 100));
  }

  @Test
  void next_randomBytes_areRefusedOrRead() {
    Random random = new Random(42);
    byte[] archive =
        new Layer().folder("a").file("a/f", "content").symlink("l", "a").fifo("p").bytes();
    for (int i = 0; i < 3000; i++) {
      byte[] changed = archive.clone();
      for (int j = 0; j < 4; j++) {
        int at = random.nextInt(changed.length - 2048);
        changed[at] = (byte) random.nextInt();
        Sums.repair(changed, at / 512 * 512);
      }
      try {
        TarReader tar = reader(changed, 1 + random.nextInt(2000));
        for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
          content(tar);
        }
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
  }
}
