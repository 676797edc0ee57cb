package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.felucca.api.container.LogQuery;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {
  private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

  @TempDir Path folder;
  private final ExecutorService disk = Executors.newFixedThreadPool(1);
  private final StringBuilder text = new StringBuilder();
  private final List<Long> positions = new ArrayList<>();
  private boolean stderr;

  @AfterEach
  void stop() {
    disk.shutdownNow();
  }

  private Path log() {
    return folder.resolve("log");
  }

  private static String time(int second) {
    return "2026-11-24T12:00:%02d.123456789Z".formatted(second);
  }

  private void append(String lines) {
    try {
      Files.writeString(log(), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Records in CRI's format, one a second. */
  private void cri(String... records) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < records.length; i++) {
      lines.append(time(i)).append(' ').append(records[i]).append('\n');
    }
    append(lines.toString());
  }

  private static String json(int second, String stream, String inside) {
    return "{\"log\":\"%s\",\"stream\":\"%s\",\"time\":\"%s\"}\n"
        .formatted(inside, stream, time(second));
  }

  /** The file becomes {@code log.1}, and the older ones count up. */
  private void rotate() {
    try {
      for (int i = 8; i >= 1; i--) {
        if (Files.exists(folder.resolve("log." + i))) {
          Files.move(folder.resolve("log." + i), folder.resolve("log." + (i + 1)));
        }
      }
      Files.move(log(), folder.resolve("log.1"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the logger makes of an older file. */
  private void compress(int number) {
    Path plain = folder.resolve("log." + number);
    try (OutputStream out = Files.newOutputStream(folder.resolve("log." + number + ".gz"))) {
      byte[] bytes = Files.readAllBytes(plain);
      long inode = ((Number) Files.getAttribute(plain, "unix:ino")).longValue();
      ByteBuffer head = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
      head.put(new byte[] {0x1f, (byte) 0x8b, 8, 4, 0, 0, 0, 0, 0, (byte) 255, 20, 0});
      out.write(
          head.put(new byte[] {'F', 'e', 16, 0}).putLong(inode).putLong(bytes.length).array());
      DeflaterOutputStream deflated =
          new DeflaterOutputStream(out, new Deflater(Deflater.BEST_SPEED, true));
      deflated.write(bytes);
      deflated.finish();
      CRC32 sum = new CRC32();
      sum.update(bytes);
      ByteBuffer tail = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      out.write(tail.putInt((int) sum.getValue()).putInt(bytes.length).array());
      Files.delete(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void read_compressedFiles_areAsTheyWere() throws Exception {
    cri("stdout F 1", "stdout F 2");
    rotate();
    cri("stdout F 3", "stdout F 4", "stdout F 5");
    read(LogQuery.ALL);
    assertEquals("1\n2\n3\n4\n5\n", text.toString());
    String line = "stdout F " + "x".repeat(900);
    for (int i = 0; i < 1000; i++) {
      append(time(59) + ' ' + line + '\n');
    }
    rotate();
    cri("stdout F 6");
    read(LogQuery.ALL);
    String all = text.toString();
    List<Long> places = List.copyOf(positions);
    compress(2);
    compress(1);
    // Of one that is being compressed both forms are there, and the plain one counts.
    Files.writeString(folder.resolve("log.3.gz"), "not whole");
    assertEquals(all, read(LogQuery.ALL));
    assertEquals(places, positions);
    for (long place : places) {
      int begun = all.length() - read(LogQuery.ALL.withFrom(place)).length();
      assertEquals(all.substring(begun), text.toString());
    }
    assertEquals("6\n", read(LogQuery.ALL.withTail(1)));
    assertEquals("x".repeat(900) + "\n6\n", read(LogQuery.ALL.withTail(2)));
    assertEquals(all, read(LogQuery.ALL.withTail(1006)));
    assertEquals(all, read(LogQuery.ALL.withTail(2000)));
    assertEquals(all.substring(4), read(LogQuery.ALL.withTail(1004)));
    assertEquals(
        "4\n5\n",
        read(LogQuery.ALL.withTime(NOON.plusSeconds(1), NOON.plusSeconds(3)).withTail(2)));
  }

  /** The text, with a mark where standard error begins and ends. */
  private String read(LogQuery query) {
    text.setLength(0);
    positions.clear();
    stderr = false;
    reader().read(query, () -> true);
    return text.toString();
  }

  private LogReader reader() {
    return new LogReader(
        log(),
        disk,
        (err, bytes, length, position) -> {
          if (err != stderr) {
            text.append('|');
            stderr = err;
          }
          text.append(new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
          positions.add(position);
        });
  }

  private static String bytes(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void read_wholeAndPartialLines_areExact() {
    cri("stdout F one", "stderr F two", "stdout P no newline", "stdout F ", "stdout F a b  c ");
    assertEquals("one\n|two\n|no newline\na b  c \n", read(LogQuery.ALL));
  }

  @Test
  void read_dockersFormat_isExact() {
    append(
        json(0, "stdout", "one\\n")
            + json(0, "stdout", "\\n")
            + json(1, "stderr", "a \\\"b\\\" \\\\n \\t\\r\\u001b[0m\\u0000 größe\\n")
            + json(1, "stderr", "ends with a backslash \\\\")
            + json(2, "stdout", "\\u00e4\\u20ac no newline"));
    assertEquals(
        "one\n\n|a \"b\" \\n \t\r\u001b[0m\0 "
            + bytes("größe")
            + "\nends with a backslash \\|"
            + bytes("ä€")
            + " no newline",
        read(LogQuery.ALL));
  }

  @Test
  void read_bytesThatAreNoText_comeBack() {
    append(
        "{\"log\":\"a\\ufffdb\\ufffd\\n\",\"stream\":\"stdout\",\"time\":\"%s\",\"attrs\":{\"felucca.bytes\":\"ffc3\"}}\n"
            .formatted(time(0)));
    append(json(0, "stdout", "then\\n"));
    assertEquals("a\u00ffb\u00c3\nthen\n", read(LogQuery.ALL));
  }

  @Test
  void read_lossesAreTold() {
    append(time(0) + " stderr F:lost lost 3 bytes\n");
    append(
        "{\"log\":\"lost 4 bytes\\n\",\"stream\":\"stderr\",\"time\":\"%s\",\"attrs\":{\"felucca.lost\":\"1\"}}\n"
            .formatted(time(0)));
    assertEquals("|lost 3 bytes\nlost 4 bytes\n", read(LogQuery.ALL));
  }

  @Test
  void read_noLogYet_isEmpty() {
    assertEquals("", read(LogQuery.ALL));
    assertEquals("", read(LogQuery.ALL.withTail(3)));
  }

  @Test
  void read_tornOrForeignLines_areLeftOut() {
    cri("stdout F good");
    append(
        "torn\n\nnot a time that would be long enough stdout F x\n{\n{\"log\":\"torn\n{\"x\":1}\n");
    append(json(0, "stdout", "better\\n"));
    cri("stdout F best");
    append(time(0) + " stdout F not whole");
    assertEquals("good\nbetter\nbest\n", read(LogQuery.ALL));
  }

  @Test
  void read_tail_countsFromTheEnd() {
    cri("stdout F 1", "stdout F 2", "stdout F 3");
    assertEquals("2\n3\n", read(LogQuery.ALL.withTail(2)));
    assertEquals("", read(LogQuery.ALL.withTail(0)));
    assertEquals("1\n2\n3\n", read(LogQuery.ALL.withTail(3)));
    assertEquals("1\n2\n3\n", read(LogQuery.ALL.withTail(9)));
  }

  @Test
  void read_tailOverSeveralFiles_countsOn() {
    cri("stdout F 1", "stdout F 2");
    rotate();
    cri("stdout F 3", "stdout F 4", "stdout F 5");
    rotate();
    cri("stdout F 6");
    assertEquals("6\n", read(LogQuery.ALL.withTail(1)));
    assertEquals("5\n6\n", read(LogQuery.ALL.withTail(2)));
    assertEquals("3\n4\n5\n6\n", read(LogQuery.ALL.withTail(4)));
    assertEquals("2\n3\n4\n5\n6\n", read(LogQuery.ALL.withTail(5)));
    assertEquals("1\n2\n3\n4\n5\n6\n", read(LogQuery.ALL.withTail(7)));
    rotate();
    append("");
    assertEquals("5\n6\n", read(LogQuery.ALL.withTail(2)));
  }

  @Test
  void read_timestamps_standBeforeLines() {
    cri("stdout F one", "stdout P two ", "stdout F goes on", "stderr F err");
    append(json(9, "stdout", "three\\n"));
    assertEquals(
        "%s one\n%s two goes on\n|%s err\n|%s three\n"
            .formatted(time(0), time(1), time(3), time(9)),
        read(LogQuery.ALL.withTimestamps(true)));
  }

  @Test
  void read_sinceAndUntil_areInclusive() {
    cri("stdout F 0", "stdout F 1", "stdout F 2");
    rotate();
    append(json(3, "stdout", "3\\n") + json(4, "stdout", "4\\n"));
    LogQuery exact =
        LogQuery.ALL.withTime(
            NOON.plusSeconds(1).plusNanos(123456789), NOON.plusSeconds(3).plusNanos(123456789));
    assertEquals("1\n2\n3\n", read(exact));
    assertEquals("2\n3\n", read(exact.withTail(2)));
    assertEquals("1\n2\n3\n", read(exact.withTail(7)));
    assertEquals("", read(exact.withTail(0)));
    assertEquals("2\n", read(LogQuery.ALL.withTime(NOON.plusSeconds(2), NOON.plusSeconds(3))));
    assertEquals("3\n4\n", read(LogQuery.ALL.withTime(NOON.plusSeconds(3), null)));
    assertEquals("0\n", read(LogQuery.ALL.withTime(null, NOON.plusSeconds(1))));
    assertEquals("4\n", read(LogQuery.ALL.withTime(NOON, null).withTail(1)));
  }

  @Test
  void read_fromAPosition_goesOnBehindIt() {
    cri("stdout F 1", "stderr F 2", "stdout F 3");
    read(LogQuery.ALL);
    List<Long> places = List.copyOf(positions);
    assertEquals("3\n", read(LogQuery.ALL.withFrom(places.get(1))));
    assertEquals("", read(LogQuery.ALL.withFrom(places.get(2))));
  }

  @Test
  void read_rotatedMeanwhile_goesOnInTheOlderFilesThenTheNewer() {
    cri("stdout F 1", "stderr F 2");
    read(LogQuery.ALL);
    long behindFirst = positions.getFirst();
    rotate();
    cri("stdout F 3");
    rotate();
    cri("stdout F 4");
    assertEquals("|2\n|3\n4\n", read(LogQuery.ALL.withFrom(behindFirst)));
    assertEquals("1\n|2\n|3\n4\n", read(LogQuery.ALL));
  }

  @Test
  void read_following_seesWhatComesAndEndsWhenComplete() {
    cri("stdout F 1");
    AtomicInteger asked = new AtomicInteger();
    reader()
        .read(
            LogQuery.ALL.withFollow(true),
            () -> {
              int round = asked.incrementAndGet();
              if (round == 2) {
                cri("stdout F 2");
              } else if (round == 3) {
                rotate();
                cri("stdout F 3");
                rotate();
                cri("stdout F 4");
              }
              return round == 6;
            });
    assertEquals("1\n2\n3\n4\n", text.toString());
  }

  @Test
  void read_followingUntilATimeThatIsOver_ends() {
    cri("stdout F 1");
    reader().read(LogQuery.ALL.withFollow(true).withTime(null, NOON.plusSeconds(30)), () -> false);
    assertEquals("1\n", text.toString());
  }

  @Test
  void read_manyLines_keepsThemAll() {
    StringBuilder expected = new StringBuilder();
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 50_000; i++) {
      expected.append(i).append('\n');
      lines.append(
          i % 2 == 0 ? time(i % 60) + " stdout F " + i + "\n" : json(i % 60, "stdout", i + "\\n"));
    }
    append(lines.toString());
    assertEquals(expected.toString(), read(LogQuery.ALL));
    assertEquals("49997\n49998\n49999\n", read(LogQuery.ALL.withTail(3)));
    assertTrue(expected.toString().endsWith(read(LogQuery.ALL.withTail(20_000))));
    assertTrue(read(LogQuery.ALL.withTail(20_000)).startsWith("30000\n"));
  }

  @Test
  void indexOf_everyPlace_isFound() {
    for (int length = 0; length < 40; length++) {
      for (int place = 0; place < length; place++) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) 0x8A); // differs from a newline in the highest bit only
        bytes[place] = '\n';
        assertEquals(place, LogRecords.indexOf(bytes, 0, length, (byte) '\n'));
        assertEquals(-1, LogRecords.indexOf(bytes, place + 1, length, (byte) '\n'));
      }
    }
  }
}
