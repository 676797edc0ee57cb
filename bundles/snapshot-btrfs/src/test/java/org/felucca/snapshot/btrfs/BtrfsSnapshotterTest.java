package org.felucca.snapshot.btrfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.LoopFileSystem;
import org.felucca.contracts.SnapshotterContract;
import org.felucca.linux.Dir;
import org.felucca.linux.Mounts;
import org.felucca.linux.Subvolumes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BtrfsSnapshotterTest extends SnapshotterContract {
  private static LoopFileSystem btrfs;

  @BeforeAll
  static void mount() {
    btrfs = LoopFileSystem.make("btrfs", 1024);
  }

  @AfterAll
  static void unmount() {
    btrfs.close();
  }

  @Override
  protected Path place(Path temporary) {
    return btrfs.folder();
  }

  @Override
  protected Snapshotter open(Path top) {
    return new BtrfsSnapshotter(top);
  }

  @Override
  protected void close(Snapshotter opened) {
    ((BtrfsSnapshotter) opened).close();
  }

  @Test
  void mounts_areSubvolumesToBind() {
    snapshotter.prepare(active("1"));
    assertEquals(
        List.of(new Mount("bind", folder + "/1/fs", "", List.of("rw", "rbind"))),
        snapshotter.mounts(active("1")));
    snapshotter.commit(active("1"));
    snapshotter.prepare(active("2", "1"));
    for (String id : List.of("1", "2")) {
      try (Dir files = Dir.open(folder + "/" + id + "/fs")) {
        assertTrue(Subvolumes.isSubvolume(files));
        assertEquals(id.equals("1"), Subvolumes.isReadOnly(files));
      }
    }
  }

  @Test
  void remove_withSubvolumesWithin_deletesThemToo() throws Exception {
    snapshotter.prepare(active("1"));
    in(active("1"), root -> Subvolumes.create(root, "inner"));
    Files.writeString(folder.resolve("1/fs/inner/file"), "x");
    snapshotter.remove("1");
    assertFalse(Files.exists(folder.resolve("1")));
    assertEquals(0, snapshotter.sweep(Set.of()));
  }

  @Test
  void crashedRemovalAndPreparation_areSwept() throws Exception {
    snapshotter.prepare(active("1"));
    for (String name : List.of(".old-7", ".new-8")) {
      Files.createDirectory(folder.resolve(name));
      try (Dir dir = Dir.open(folder.resolve(name).toString())) {
        Subvolumes.create(dir, ".new-fs");
        try (Dir files = dir.enter(".new-fs")) {
          Subvolumes.setReadOnly(files, true);
        }
      }
    }
    assertEquals(2, snapshotter.sweep(Set.of("1")));
    assertTrue(Files.exists(folder.resolve("1/fs")));
  }

  @Test
  void remove_whileMountedOn_isRefusedAndNamesTheReason() throws Exception {
    snapshotter.prepare(active("1"));
    Path inside = Files.createDirectory(folder.resolve("1/fs/inside"));
    Path other = Files.createDirectory(folder.resolve(".other"));
    Files.writeString(other.resolve("kept"), "x");
    Mounts.mount("bind", other.toString(), inside.toString(), List.of("rw"));
    try {
      EngineException e = assertThrows(EngineException.class, () -> snapshotter.remove("1"));
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains(inside + " is mounted in it"), e.getMessage());
      assertTrue(Files.exists(other.resolve("kept")));
    } finally {
      Mounts.detachBelow(folder.toString());
    }
    snapshotter.remove("1");
  }

  @Test
  void prepare_elsewhere_saysWhy(@TempDir Path elsewhere) {
    BtrfsSnapshotter refused = new BtrfsSnapshotter(elsewhere.resolve("btrfs"));
    try {
      assertTrue(refused.refusal().contains("not on btrfs"), refused.refusal());
      EngineException e = assertThrows(EngineException.class, () -> refused.prepare(active("1")));
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains("put the engine's root on btrfs"), e.getMessage());
    } finally {
      refused.close();
    }
  }
}
