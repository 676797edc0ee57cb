package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldersTest {
  @TempDir Path temp;

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void assertRefused(String reason, Path folder) {
    StartException e =
        assertThrows(StartException.class, () -> Folders.prepare(folder, "rwx------"));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  @Test
  void prepare_missing_makesItWithItsMode() throws Exception {
    Path folder = temp.resolve("a/b");
    Folders.prepare(folder, "rwx--x--x");
    assertEquals("rwx--x--x", mode(folder));
  }

  @Test
  void prepare_readableForOthers_takesThatAway() throws Exception {
    Path folder = Files.createDirectory(temp.resolve("a"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Folders.prepare(folder, "rwx--x--x");
    assertEquals("rwx--x--x", mode(folder));
  }

  @Test
  void prepare_writableForOthers_isRefused() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("a"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwx---"));
    assertRefused("may be written by others (mode 770)", folder);
  }

  @Test
  void prepare_anotherUsers_isRefused() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("a"));
    Files.setAttribute(folder, "unix:uid", 12345);
    assertRefused("belongs to user 12345", folder);
  }

  @Test
  void prepare_linkToAFolder_isRefused() throws IOException {
    Path target = Files.createDirectory(temp.resolve("target"));
    assertRefused("is not a folder", Files.createSymbolicLink(temp.resolve("a"), target));
  }

  @Test
  void prepare_belowAFile_saysSo() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertRefused("cannot prepare the folder", file.resolve("a"));
  }

  @Test
  void checkSocketPaths_atTheKernelsLimit_isExact() throws StartException {
    Path longest = Path.of("/" + "s".repeat(71));
    Options fits = Options.parse(List.of("--state", longest.toString()), Path.of("/"));
    assertDoesNotThrow(() -> Folders.checkSocketPaths(fits));
    Options tooLong = Options.parse(List.of("--state", longest + "x"), Path.of("/"));
    StartException e = assertThrows(StartException.class, () -> Folders.checkSocketPaths(tooLong));
    assertTrue(e.getMessage().contains("--state of at most 72 bytes"), e.getMessage());
  }

  @Test
  void checkSocketPaths_countsBytesAndTheSuffixOfTheAddress() throws StartException {
    String fifty = "/" + "\u00e4".repeat(50); // 101 bytes, and .ttrpc is 6
    Options fits = Options.parse(List.of("--address", fifty), Path.of("/"));
    assertDoesNotThrow(() -> Folders.checkSocketPaths(fits));
    Options tooLong = Options.parse(List.of("--address", fifty + "x"), Path.of("/"));
    assertThrows(StartException.class, () -> Folders.checkSocketPaths(tooLong));
  }
}
