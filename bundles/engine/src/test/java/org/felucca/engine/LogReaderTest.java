package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.felucca.api.container.LogQuery;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {
  private static final LogQuery ALL = new LogQuery(false, -1, 0);

  @TempDir Path folder;
  private final ExecutorService disk = Executors.newFixedThreadPool(1);
  private final List<String> texts = new ArrayList<>();
  private final List<Long> positions = new ArrayList<>();

  @AfterEach
  void stop() {
    disk.shutdownNow();
  }

  private Path log() {
    return folder.resolve("log");
  }

  private void append(String... lines) {
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      text.append("2026-11-24T13:00:00.123456789Z ").append(line).append('\n');
    }
    try {
      Files.writeString(
          log(), text.toString(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void rotate() {
    try {
      Files.move(log(), folder.resolve("log.1"), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> read(LogQuery query) {
    texts.clear();
    reader().read(query, () -> true);
    return List.copyOf(texts);
  }

  private LogReader reader() {
    return new LogReader(
        log(),
        disk,
        (at, stderr, text, position) -> {
          texts.add((stderr ? "2:" : "1:") + new String(text, StandardCharsets.UTF_8));
          positions.add(position);
        });
  }

  @Test
  void read_wholeAndPartialLines_areExact() {
    append("stdout F one", "stderr F two", "stdout P no newline", "stdout F ", "stdout F a b  c ");
    assertEquals(List.of("1:one\n", "2:two\n", "1:no newline", "1:\n", "1:a b  c \n"), read(ALL));
  }

  @Test
  void read_noLogYet_isEmpty() {
    assertEquals(List.of(), read(ALL));
  }

  @Test
  void read_tornOrForeignLines_areLeftOut() throws IOException {
    append("stdout F good");
    Files.writeString(log(), "torn\n\nnot a time stdout F x\n", StandardOpenOption.APPEND);
    append("stdout F better");
    assertEquals(List.of("1:good\n", "1:better\n"), read(ALL));
  }

  @Test
  void read_tail_countsLines() {
    append("stdout F 1", "stdout F 2", "stdout F 3");
    assertEquals(List.of("1:2\n", "1:3\n"), read(new LogQuery(false, 2, 0)));
    assertEquals(List.of(), read(new LogQuery(false, 0, 0)));
    assertEquals(3, read(new LogQuery(false, 9, 0)).size());
  }

  @Test
  void read_fromAPosition_goesOnBehindIt() {
    append("stdout F 1", "stdout F 2", "stdout F 3");
    read(ALL);
    assertEquals(List.of("1:3\n"), read(new LogQuery(false, -1, positions.get(1))));
    assertEquals(List.of(), read(new LogQuery(false, -1, positions.get(2))));
  }

  @Test
  void read_rotatedMeanwhile_goesOnInTheOlderFileThenTheNewer() {
    append("stdout F 1", "stdout F 2");
    read(ALL);
    long behindFirst = positions.getFirst();
    rotate();
    append("stdout F 3");
    assertEquals(List.of("1:2\n", "1:3\n"), read(new LogQuery(false, -1, behindFirst)));
    assertEquals(List.of("1:1\n", "1:2\n", "1:3\n"), read(ALL));
  }

  @Test
  void read_following_seesWhatComesAndEndsWhenComplete() {
    append("stdout F 1");
    AtomicInteger asked = new AtomicInteger();
    reader()
        .read(
            new LogQuery(true, -1, 0),
            () -> {
              int round = asked.incrementAndGet();
              if (round == 2) {
                append("stdout F 2");
              } else if (round == 3) {
                rotate();
                append("stdout F 3");
              }
              return round == 5;
            });
    assertEquals(List.of("1:1\n", "1:2\n", "1:3\n"), texts);
  }

  @Test
  void read_manyLines_keepsTheirOrder() {
    int count = 50_000;
    String[] lines = new String[count];
    for (int i = 0; i < count; i++) {
      lines[i] = "stdout F " + i;
    }
    append(lines);
    List<String> read = read(ALL);
    assertEquals(count, read.size());
    for (int i = 0; i < count; i++) {
      assertEquals("1:" + i + "\n", read.get(i));
    }
    assertTrue(read(new LogQuery(false, 3, 0)).getFirst().contains("49997"));
  }
}
