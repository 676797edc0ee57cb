package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreesTest {
  @TempDir Path folder;

  @Test
  void delete_linkToFolder_leavesWhatItNames() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("kept"), "x");
    Path tree = Files.createDirectories(folder.resolve("tree/a/b"));
    Files.createSymbolicLink(tree.resolve("link"), outside);
    Files.createSymbolicLink(folder.resolve("tree/link"), outside);
    try (Dir parent = Dir.open(folder.toString())) {
      assertTrue(Trees.delete(parent, "tree"));
      assertFalse(Trees.delete(parent, "tree"));
    }
    assertFalse(Files.exists(folder.resolve("tree")));
    assertTrue(Files.exists(outside.resolve("kept")));
  }

  @Test
  void delete_veryDeepTree_needsNoDeepStack() {
    try (Dir parent = Dir.open(folder.toString())) {
      parent.mkdir("deep", 0755);
      Dir dir = parent.enter("deep");
      for (int i = 0; i < 5000; i++) {
        dir.mkdir("d", 0755);
        Dir next = dir.enter("d");
        dir.close();
        dir = next;
      }
      dir.close();
      assertTrue(Trees.delete(parent, "deep"));
      assertEquals(List.of(), parent.list());
    }
  }

  @Test
  void delete_mountBelow_isRefusedAndLeavesTheMountsFiles() throws Exception {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("kept"), "x");
    Path mountPoint = Files.createDirectories(folder.resolve("tree/mounted"));
    Mounts.mount("bind", outside.toString(), mountPoint.toString(), List.of("rw"));
    try (Dir parent = Dir.open(folder.toString())) {
      LinuxException e = assertThrows(LinuxException.class, () -> Trees.delete(parent, "tree"));
      assertEquals(Errno.EXDEV, e.errno());
    } finally {
      Mounts.unmount(mountPoint.toString(), 0);
    }
    assertTrue(Files.exists(outside.resolve("kept")));
  }

  @Test
  void delete_checkThrows_givesUp() throws Exception {
    Files.createDirectories(folder.resolve("tree/a"));
    try (Dir parent = Dir.open(folder.toString())) {
      assertThrows(
          IllegalStateException.class,
          () ->
              Trees.delete(
                  parent,
                  "tree",
                  () -> {
                    throw new IllegalStateException("enough");
                  }));
    }
    assertTrue(Files.exists(folder.resolve("tree/a")));
  }
}
