package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.MessageFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.linux.Dir;
import org.felucca.linux.Fifos;
import org.felucca.linux.OpenFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ShimLogTest {
  private static final int RATE = 2000;

  @TempDir Path folder;
  private final Logger logger = Logger.getLogger(ShimLog.class.getName());
  private final List<String> said = new CopyOnWriteArrayList<>();
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          said.add(
              line.getLevel()
                  + " "
                  + MessageFormat.format(line.getMessage(), line.getParameters()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private Watches watches;
  private ShimLog log;

  @BeforeEach
  void follow() {
    logger.addHandler(handler);
    logger.setLevel(Level.ALL);
    watches = new Watches(RATE);
    try (Dir dir = Dir.open(folder.toString())) {
      Fifos.make(dir, "log", 0600);
      log =
          watches.follow(
              new Key(new Namespace("ns"), new ContainerId("c1")),
              Fifos.open(dir, "log", OpenFlags.O_RDWR));
    }
  }

  @AfterEach
  void close() {
    log.close();
    watches.close();
    logger.removeHandler(handler);
    logger.setLevel(null);
  }

  private void write(String text) throws IOException {
    try (OutputStream out = Files.newOutputStream(folder.resolve("log"))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private void await(int lines) throws InterruptedException {
    while (said.size() < lines) {
      Thread.sleep(5);
    }
  }

  @Test
  void lines_withTheirLevelAndWithoutControls() throws Exception {
    write("level=info msg=one\nlevel=err");
    write("or msg=\"t\u001bwo\"\n\nlevel=warning msg=three\n");
    await(3);
    assertEquals(
        List.of(
            "FINE shim says container=ns/c1 level=info msg=one",
            "WARNING shim says container=ns/c1 level=error msg=\"t wo\"",
            "INFO shim says container=ns/c1 level=warning msg=three"),
        said);
  }

  /** The writer never waits, and the log gets no more than the rate. */
  @Test
  void flood_isDroppedAndCounted() throws Exception {
    for (int i = 0; i < 100; i++) {
      write("x".repeat(9_999) + "\n");
    }
    int taken = said.stream().mapToInt(String::length).sum();
    assertTrue(taken < 20 * RATE, taken + " characters");
    Thread.sleep(1100);
    said.clear();
    write("after\n");
    await(2);
    assertTrue(said.get(0).startsWith("WARNING shim wrote too much log"), said.toString());
    assertEquals("FINE shim says container=ns/c1 after", said.get(1));
  }
}
