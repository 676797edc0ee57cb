package org.felucca.snapshot.erofs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.SnapshotterContract;
import org.felucca.linux.MountTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErofsSnapshotterTest extends SnapshotterContract {
  private volatile boolean engineStops = true;

  @Override
  protected Snapshotter open(Path top) {
    return new ErofsSnapshotter(
        top.resolve("erofs"), new ErofsImages(ErofsImages.find(), false), () -> engineStops);
  }

  @Override
  protected void close(Snapshotter opened) {
    ((ErofsSnapshotter) opened).close();
  }

  private Path file(String path) {
    return folder.resolve("erofs").resolve(path);
  }

  private int mounted() {
    return MountTable.read().mountsBelow(folder.toString()).size();
  }

  private void layer(String id, String name, String text) throws Exception {
    snapshotter.prepare(active(id));
    Files.writeString(file(id + "/fs/" + name), text);
    snapshotter.commit(active(id));
  }

  @Test
  void mounts_areOverlaysOfMountedImages() throws Exception {
    layer("1", "one", "1");
    assertEquals(0, mounted());
    assertFalse(Files.exists(file("1/fs/one")));
    snapshotter.prepare(active("2", "1"));
    Mount mount = snapshotter.mounts(active("2", "1")).getFirst();
    assertEquals("overlay", mount.type());
    assertTrue(mount.options().contains("lowerdir=" + file("1/fs")), mount.toString());
    assertTrue(mount.options().contains("upperdir=" + file("2/fs")), mount.toString());
    assertEquals("1", Files.readString(file("1/fs/one")));
    assertEquals("erofs", MountTable.read().mountAt(file("1/fs").toString()).orElseThrow().type());
    assertEquals(
        List.of(new Mount("bind", file("1/fs").toString(), "", List.of("ro", "rbind"))),
        snapshotter.mounts(committed("1")));
    assertEquals(1, mounted());
  }

  @Test
  void replaced_leavesLayersMounted_andAStoppedEngineDoesNot() throws Exception {
    layer("1", "one", "1");
    snapshotter.mounts(committed("1"));
    engineStops = false;
    close(snapshotter);
    assertEquals(1, mounted());
    engineStops = true;
    snapshotter = open(folder);
    snapshotter.mounts(committed("1"));
    assertEquals(1, mounted());
    close(snapshotter);
    assertEquals(0, mounted());
    snapshotter = open(folder);
  }

  @Test
  void removeAndSweep_unmountLayers() throws Exception {
    layer("1", "one", "1");
    layer("2", "two", "2");
    layer("3", "three", "3");
    for (String id : List.of("1", "2", "3")) {
      snapshotter.mounts(committed(id));
    }
    snapshotter.remove("1");
    assertEquals(2, mounted());
    assertEquals(1, snapshotter.sweep(Set.of("2")));
    assertEquals(1, mounted());
    assertEquals("2", Files.readString(file("2/fs/two")));
  }

  @Test
  void commit_afterACrashInTheMiddle_completesIt() throws Exception {
    snapshotter.prepare(active("1"));
    Files.writeString(file("1/fs/one"), "1");
    Files.writeString(file("1/.new-layer"), "half an image");
    snapshotter.commit(active("1"));
    in(committed("1"), root -> assertEquals(1, root.stat("one").size()));
    // and where the image was there and the folder not yet gone
    layer("2", "two", "2");
    Files.writeString(file("2/fs/left"), "x");
    Files.createDirectories(file("2/.old-files/some"));
    snapshotter.commit(active("2"));
    assertFalse(Files.exists(file("2/fs/left")));
    assertFalse(Files.exists(file("2/.old-files")));
  }

  @Test
  void commit_ofAFileWithHoles_keepsThem() throws Exception {
    snapshotter.prepare(active("1"));
    try (RandomAccessFile file = new RandomAccessFile(file("1/fs/sparse").toFile(), "rw")) {
      file.seek(200L << 20);
      file.write('x');
    }
    SnapshotUsage usage = snapshotter.commit(active("1"));
    assertTrue(usage.bytes() < 8 << 20, usage.toString());
    in(committed("1"), root -> assertEquals((200L << 20) + 1, root.stat("sparse").size()));
  }

  @Test
  void commit_ofLinksOutOfTheTree_readsNothingThere() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "the host's");
    snapshotter.prepare(active("1"));
    Files.createSymbolicLink(file("1/fs/link"), secret);
    Files.createSymbolicLink(file("1/fs/folder"), folder);
    snapshotter.commit(active("1"));
    in(
        committed("1"),
        root -> {
          assertEquals(secret.toString(), root.readlink("link"));
          assertEquals(folder.toString(), root.readlink("folder"));
        });
  }

  @Test
  void layers_withoutFilesAsDevices_goThroughLoopDevices(@TempDir Path other) throws Exception {
    ErofsSnapshotter viaLoop =
        new ErofsSnapshotter(
            other.resolve("erofs"), new ErofsImages(ErofsImages.find(), true), () -> true);
    try {
      viaLoop.prepare(active("1"));
      Files.writeString(other.resolve("erofs/1/fs/one"), "1");
      viaLoop.commit(active("1"));
      viaLoop.mounts(committed("1"));
      Path files = other.resolve("erofs/1/fs");
      assertEquals("1", Files.readString(files.resolve("one")));
      String source = MountTable.read().mountAt(files.toString()).orElseThrow().source();
      assertTrue(source.startsWith("/dev/loop"), source);
    } finally {
      viaLoop.close();
    }
  }

  @Test
  void prepare_withoutTheProgram_saysWhatToInstall(@TempDir Path other) {
    ErofsSnapshotter refused =
        new ErofsSnapshotter(
            other.resolve("erofs"), new ErofsImages(Optional.empty(), false), () -> true);
    try {
      EngineException e = assertThrows(EngineException.class, () -> refused.prepare(active("1")));
      assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
      assertTrue(e.getMessage().contains("apt-get install erofs-utils"), e.getMessage());
    } finally {
      refused.close();
    }
  }

  @Test
  void prepare_withAProgramThatFails_passesItsWordsOn(@TempDir Path other) {
    ErofsSnapshotter refused =
        new ErofsSnapshotter(
            other.resolve("erofs"),
            new ErofsImages(Optional.of(Path.of("/bin/false")), false),
            () -> true);
    try {
      assertTrue(refused.refusal().contains("mkfs.erofs failed"), refused.refusal());
    } finally {
      refused.close();
    }
  }
}
