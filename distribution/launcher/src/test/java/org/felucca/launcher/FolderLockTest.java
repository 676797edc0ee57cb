package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
  @TempDir Path folder;

  @Test
  void take_second_isRefusedAndNamesThePid() throws Exception {
    try (FolderLock _ = FolderLock.take(folder, "--root")) {
      StartException e =
          assertThrows(StartException.class, () -> FolderLock.take(folder, "--root"));
      String pid = "(pid " + ProcessHandle.current().pid() + ")";
      assertTrue(e.getMessage().contains(pid), e.getMessage());
      assertTrue(e.getMessage().contains("--root of its own"), e.getMessage());
    }
  }

  @Test
  void take_afterClose_succeeds() throws Exception {
    FolderLock.take(folder, "--root").close();
    assertEquals("", Files.readString(folder.resolve("lock")));
    FolderLock.take(folder, "--root").close();
  }

  @Test
  void take_lockOfAnEngineThatWasKilled_succeeds() throws Exception {
    Files.writeString(folder.resolve("lock"), "99999999\n");
    try (FolderLock _ = FolderLock.take(folder, "--root")) {
      assertEquals(ProcessHandle.current().pid() + "\n", Files.readString(folder.resolve("lock")));
    }
  }

  @Test
  void take_linkInItsPlace_isRefused() throws Exception {
    Path victim = Files.writeString(folder.resolve("victim"), "precious");
    Files.createSymbolicLink(folder.resolve("lock"), victim);
    assertThrows(StartException.class, () -> FolderLock.take(folder, "--root"));
    assertEquals("precious", Files.readString(victim));
  }
}
