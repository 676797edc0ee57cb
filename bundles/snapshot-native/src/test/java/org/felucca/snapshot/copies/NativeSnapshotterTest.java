package org.felucca.snapshot.copies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.SnapshotterContract;
import org.felucca.linux.Mounts;
import org.junit.jupiter.api.Test;

class NativeSnapshotterTest extends SnapshotterContract {
  private static final Duration NEVER = Duration.ofDays(1);

  @Override
  protected Snapshotter open(Path top) {
    return open(top, Unsettled.ofThisBoot(Duration.ofMillis(1)));
  }

  private static Snapshotter open(Path top, Unsettled unsettled) {
    return new NativeSnapshotter(top.resolve("native"), unsettled);
  }

  @Override
  protected void close(Snapshotter opened) {
    ((NativeSnapshotter) opened).close();
  }

  @Override
  protected boolean sharesWithAncestors() {
    return false;
  }

  private Path files(String id) {
    return folder.resolve("native/" + id + "/fs");
  }

  private Path mark(String id) {
    return folder.resolve("native/" + id + "/unsettled");
  }

  private static boolean there(Path link) {
    return Files.exists(link, LinkOption.NOFOLLOW_LINKS);
  }

  /** A committed parent "1" with a file, and "2" over it, which no sync comes to. */
  private void prepareUnsettled() throws Exception {
    close(snapshotter);
    snapshotter = open(folder, Unsettled.ofThisBoot(NEVER));
    snapshotter.prepare(active("1"));
    Files.writeString(files("1").resolve("one"), "1");
    snapshotter.commit(active("1"));
    snapshotter.prepare(active("2", "1"));
  }

  @Test
  void mounts_areFoldersToBind() {
    snapshotter.prepare(active("1"));
    snapshotter.commit(active("1"));
    snapshotter.prepare(active("2", "1"));
    snapshotter.prepare(view("3", "1"));
    assertEquals(
        List.of(new Mount("bind", files("2").toString(), "", List.of("rw", "rbind"))),
        snapshotter.mounts(active("2", "1")));
    assertEquals(
        List.of(new Mount("bind", files("1").toString(), "", List.of("ro", "rbind"))),
        snapshotter.mounts(view("3", "1")));
    assertFalse(Files.exists(files("3").resolve("one")));
  }

  @Test
  void copy_afterThePowerWent_isMadeAnew() throws Exception {
    prepareUnsettled();
    Files.writeString(files("2").resolve("one"), ""); // as a torn write leaves it
    assertTrue(there(mark("2")));
    close(snapshotter);
    snapshotter = open(folder, new Unsettled(NEVER, "another-boot"));
    snapshotter.mounts(active("2", "1"));
    assertEquals("1", Files.readString(files("2").resolve("one")));
    assertEquals("another-boot", Files.readSymbolicLink(mark("2")).toString());
  }

  @Test
  void copy_ofThisBoot_isKeptAndSettledByTheNextOne() throws Exception {
    prepareUnsettled();
    Files.writeString(files("2").resolve("two"), "2");
    close(snapshotter);
    snapshotter = open(folder);
    snapshotter.mounts(active("2", "1"));
    assertEquals("2", Files.readString(files("2").resolve("two")));
    long end = System.nanoTime() + 60_000_000_000L;
    while (there(mark("2")) && System.nanoTime() < end) {
      Thread.sleep(10);
    }
    assertFalse(there(mark("2")));
  }

  @Test
  void commit_settles() throws Exception {
    prepareUnsettled();
    snapshotter.commit(active("2", "1"));
    assertFalse(there(mark("2")));
  }

  @Test
  void crashedRemovalAndPreparation_areSwept() throws Exception {
    snapshotter.prepare(active("1"));
    Files.createDirectories(folder.resolve("native/.old-7/fs/some"));
    Files.createDirectories(folder.resolve("native/.new-8/.new-fs/some"));
    assertEquals(2, snapshotter.sweep(Set.of("1")));
    assertTrue(Files.exists(files("1")));
  }

  @Test
  void remove_whileMountedOn_isRefusedAndNamesTheReason() throws Exception {
    snapshotter.prepare(active("1"));
    Path inside = Files.createDirectory(files("1").resolve("inside"));
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
  }

  @Test
  void usage_ofACopy_isWhatTheCopyTakes() throws Exception {
    prepareUnsettled();
    SnapshotUsage usage = snapshotter.usage(active("2", "1"));
    assertEquals(2, usage.inodes());
  }
}
