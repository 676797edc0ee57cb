package org.felucca.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteLibraryTest {

  private static final String PATH = "org.sqlite.lib.path";

  @TempDir Path folder;
  private String before;

  @BeforeEach
  void forget() {
    assumeTrue(List.of("amd64", "aarch64").contains(System.getProperty("os.arch")));
    before = System.clearProperty(PATH);
  }

  @AfterEach
  void restore() {
    System.clearProperty(PATH);
    if (before != null) {
      System.setProperty(PATH, before);
    }
  }

  private Path only() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertEquals(1, all.size(), all::toString);
      return all.getFirst();
    }
  }

  @Test
  void prepare_unpacksOnceAndAgainWhenCutShort() throws IOException {
    SqliteLibrary.prepare(folder);
    Path library = only();
    assertEquals(folder.toString(), System.getProperty(PATH));
    assertEquals(library.getFileName().toString(), System.getProperty("org.sqlite.lib.name"));
    byte[] whole = Files.readAllBytes(library);
    assertTrue(whole.length > 100_000);
    Object key = Files.getAttribute(library, "unix:ino");

    System.clearProperty(PATH);
    SqliteLibrary.prepare(folder);
    assertEquals(key, Files.getAttribute(only(), "unix:ino"));

    Files.write(library, new byte[10]);
    System.clearProperty(PATH);
    SqliteLibrary.prepare(folder);
    assertEquals(whole.length, Files.size(only()));
  }
}
