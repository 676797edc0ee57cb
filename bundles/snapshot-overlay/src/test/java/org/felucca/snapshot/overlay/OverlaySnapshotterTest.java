package org.felucca.snapshot.overlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.SnapshotterContract;
import org.felucca.linux.Mounts;
import org.junit.jupiter.api.Test;

class OverlaySnapshotterTest extends SnapshotterContract {
  @Override
  protected Snapshotter open(Path top) {
    return new OverlaySnapshotter(top.resolve("overlayfs"));
  }

  @Override
  protected void close(Snapshotter opened) {
    ((OverlaySnapshotter) opened).close();
  }

  @Test
  void mounts_readAsContainerdMakesThem() {
    snapshotter.prepare(active("1"));
    String top = folder + "/overlayfs/";
    assertEquals(
        List.of(new Mount("bind", top + "1/fs", "", List.of("rw", "rbind"))),
        snapshotter.mounts(active("1")));
    snapshotter.prepare(active("2", "1"));
    snapshotter.prepare(active("3", "2", "1"));
    Mount mount = snapshotter.mounts(active("3", "2", "1")).getFirst();
    assertEquals("overlay", mount.type());
    assertEquals("overlay", mount.source());
    assertTrue(mount.options().contains("workdir=" + top + "3/work"), mount.toString());
    assertTrue(mount.options().contains("upperdir=" + top + "3/fs"), mount.toString());
    assertTrue(
        mount.options().contains("lowerdir=" + top + "2/fs:" + top + "1/fs"), mount.toString());
    assertEquals(
        List.of(new Mount("bind", top + "1/fs", "", List.of("ro", "rbind"))),
        snapshotter.mounts(committed("1")));
  }

  @Test
  void folders_areRootsAlone_evenIfSomebodyOpenedThem() throws Exception {
    snapshotter.prepare(active("1"));
    Path top = folder.resolve("overlayfs");
    Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwxr-xr-x"));
    close(snapshotter);
    snapshotter = open(folder);
    assertEquals("", snapshotter.refusal());
    assertEquals("rwx------", permissions(top));
    assertEquals("rwx------", permissions(top.resolve("1")));
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void crashedRemovalAndPreparation_areSwept() throws Exception {
    Path top = folder.resolve("overlayfs");
    snapshotter.prepare(active("1"));
    Files.createDirectories(top.resolve(".old-7/fs/some"));
    Files.createDirectories(top.resolve(".new-8/fs.new"));
    assertEquals(2, snapshotter.sweep(Set.of("1")));
    assertFalse(Files.exists(top.resolve(".old-7")));
    assertFalse(Files.exists(top.resolve(".new-8")));
    assertTrue(Files.exists(top.resolve("1/fs")));
  }

  @Test
  void prepare_afterACrashInTheMiddle_completesIt() throws Exception {
    Files.createDirectories(folder.resolve("overlayfs/1/.new-fs"));
    snapshotter.prepare(active("1"));
    in(active("1"), root -> assertEquals(0755, root.stat().permissions()));
    assertTrue(Files.isDirectory(folder.resolve("overlayfs/1/work")));
  }

  @Test
  void prepare_whereOverlayfsDoesNotWork_saysWhy() throws Exception {
    // An overlay can't be the upper layer of another one.
    Path lower = Files.createDirectory(folder.resolve("lower"));
    Path merged = Files.createDirectory(folder.resolve("merged"));
    Path upper = Files.createDirectory(folder.resolve("upper"));
    Path work = Files.createDirectory(folder.resolve("work"));
    Mounts.mount(
        "overlay",
        "overlay",
        merged.toString(),
        List.of("lowerdir=" + lower, "upperdir=" + upper, "workdir=" + work));
    try {
      OverlaySnapshotter refused = new OverlaySnapshotter(merged.resolve("overlayfs"));
      try {
        EngineException e = assertThrows(EngineException.class, () -> refused.prepare(active("1")));
        assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
        assertTrue(e.getMessage().contains("another snapshotter"), e.getMessage());
      } finally {
        refused.close();
      }
    } finally {
      Mounts.unmount(merged.toString(), Mounts.MNT_DETACH);
    }
  }

  @Test
  void remove_whileMountedOn_isRefusedAndNamesTheReason() throws Exception {
    snapshotter.prepare(active("1"));
    Path inside = Files.createDirectory(folder.resolve("overlayfs/1/fs/inside"));
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("kept"), "x");
    Mounts.mount("bind", other.toString(), inside.toString(), List.of("rw"));
    try {
      EngineException e = assertThrows(EngineException.class, () -> snapshotter.remove("1"));
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains("unmount"), e.getMessage());
      assertTrue(Files.exists(other.resolve("kept")));
    } finally {
      Mounts.detachBelow(folder.toString());
    }
    snapshotter.remove("1");
    assertEquals(0, snapshotter.sweep(Set.of()));
  }
}
