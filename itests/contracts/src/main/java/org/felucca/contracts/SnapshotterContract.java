package org.felucca.contracts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.PrivateMount;
import org.felucca.linux.Timestamp;
import org.felucca.linux.Xattrs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link Snapshotter} must do; its mounts are really mounted, so the tests run as root.
 * An implementation's test extends this class and says how its snapshotter is opened and closed.
 */
public abstract class SnapshotterContract {
  @TempDir Path temporary;

  /** Where the snapshotter under test keeps its files. */
  protected Path folder;

  /** The snapshotter under test. */
  protected Snapshotter snapshotter;

  /**
   * Opens a snapshotter.
   *
   * @param top an empty folder, or one that a snapshotter opened here before has filled
   */
  protected abstract Snapshotter open(Path top);

  /** Closes a snapshotter that {@link #open} answered. */
  protected abstract void close(Snapshotter opened);

  /**
   * Where a snapshotter may keep its files; for one that needs a file system of its own.
   *
   * @param temporary an empty folder on whatever this machine keeps its temporary files on, deleted
   *     after the test
   * @return that one, or another empty folder, which the test leaves to its owner
   */
  protected Path place(Path temporary) {
    return temporary;
  }

  /** Whether a snapshot takes no room for what it has from its ancestors. */
  protected boolean sharesWithAncestors() {
    return true;
  }

  @BeforeEach
  void openSnapshotter() {
    folder = place(temporary);
    snapshotter = open(folder);
  }

  @AfterEach
  void closeSnapshotter() {
    close(snapshotter);
  }

  /** An active snapshot; the nearest ancestor comes first. */
  protected static SnapshotRef active(String id, String... ancestors) {
    return new SnapshotRef(id, SnapshotKind.ACTIVE, List.of(ancestors), Map.of());
  }

  /** A view. */
  protected static SnapshotRef view(String id, String... ancestors) {
    return new SnapshotRef(id, SnapshotKind.VIEW, List.of(ancestors), Map.of());
  }

  /** A committed snapshot. */
  protected static SnapshotRef committed(String id, String... ancestors) {
    return new SnapshotRef(id, SnapshotKind.COMMITTED, List.of(ancestors), Map.of());
  }

  /** Mounts a snapshot where nobody sees it and works in it. */
  protected void in(SnapshotRef snapshot, Consumer<Dir> work) {
    List<PrivateMount.Part> parts = new ArrayList<>();
    for (Mount mount : snapshotter.mounts(snapshot)) {
      parts.add(
          new PrivateMount.Part(mount.type(), mount.source(), mount.target(), mount.options()));
    }
    try (PrivateMount mount = PrivateMount.of(parts)) {
      work.accept(mount.root());
    }
  }

  private void layer(SnapshotRef snapshot, Consumer<Dir> work) {
    snapshotter.prepare(snapshot);
    in(snapshot, work);
    snapshotter.commit(snapshot);
  }

  private static void write(Dir dir, String name, String text) {
    try (Descriptor file =
        dir.openName(name, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC, 0644)) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      FileData.write(file, bytes, 0, bytes.length);
    }
  }

  private static String read(Dir dir, String path) {
    try (Descriptor file = dir.openInRoot(path, OpenFlags.O_RDONLY, 0)) {
      byte[] bytes = new byte[4096];
      int count = FileData.read(file, bytes, 0, bytes.length);
      return new String(bytes, 0, Math.max(0, count), StandardCharsets.UTF_8);
    }
  }

  private static Set<String> names(Dir dir) {
    Set<String> names = new TreeSet<>();
    dir.forEach(entry -> names.add(entry.name()));
    names.remove("lost+found");
    return names;
  }

  private static void assertReadOnly(Dir dir) {
    LinuxException e = assertThrows(LinuxException.class, () -> dir.mkdir("denied", 0755));
    assertEquals(Errno.EROFS, e.errno());
  }

  private static void assertKind(ErrorKind kind, Runnable call) {
    assertEquals(kind, assertThrows(EngineException.class, call::run).kind());
  }

  private Set<String> files() throws Exception {
    try (Stream<Path> walk = Files.walk(folder)) {
      Set<String> files = new TreeSet<>();
      walk.forEach(path -> files.add(folder.relativize(path).toString()));
      return files;
    }
  }

  @Test
  void refusal_whereItWorks_isEmptyAndLeavesNothing() throws Exception {
    snapshotter.prepare(active("0"));
    snapshotter.remove("0");
    Set<String> before = files();
    assertEquals("", snapshotter.refusal());
    assertEquals(before, files());
  }

  @Test
  void usage_ofAView_isThatOfNothing() {
    layer(active("1"), root -> write(root, "large", "x".repeat(1_000_000)));
    snapshotter.prepare(view("2", "1"));
    SnapshotUsage usage = snapshotter.usage(view("2", "1"));
    assertTrue(usage.bytes() < 100_000 && usage.inodes() <= 1, usage.toString());
  }

  @Test
  void prepare_withoutParent_isEmptyAndWritable() {
    snapshotter.prepare(active("1"));
    in(
        active("1"),
        root -> {
          assertEquals(Set.of(), names(root));
          assertEquals(0755, root.stat().permissions());
          write(root, "file", "text");
        });
    in(active("1"), root -> assertEquals("text", read(root, "file")));
  }

  @Test
  void prepare_answersHowItIsMounted() {
    assertEquals(snapshotter.prepare(active("1")), snapshotter.mounts(active("1")));
    snapshotter.commit(active("1"));
    for (SnapshotRef over : List.of(active("2", "1"), view("3", "1"))) {
      List<Mount> mounts = snapshotter.prepare(over);
      assertEquals(mounts, snapshotter.mounts(over));
      assertEquals(mounts, snapshotter.prepare(over));
    }
  }

  @Test
  void view_withoutParent_isEmptyAndReadOnly() {
    snapshotter.prepare(view("1"));
    in(
        view("1"),
        root -> {
          assertEquals(Set.of(), names(root));
          assertReadOnly(root);
        });
  }

  @Test
  void view_ofOneAndOfTwoLayers_isReadOnly() {
    layer(active("1"), root -> write(root, "one", "1"));
    layer(active("2", "1"), root -> write(root, "two", "2"));
    snapshotter.prepare(view("3", "1"));
    snapshotter.prepare(view("4", "2", "1"));
    in(
        view("3", "1"),
        root -> {
          assertEquals(Set.of("one"), names(root));
          assertReadOnly(root);
        });
    in(
        view("4", "2", "1"),
        root -> {
          assertEquals(Set.of("one", "two"), names(root));
          assertReadOnly(root);
        });
  }

  @Test
  void mounts_ofCommitted_areReadOnly() {
    layer(active("1"), root -> write(root, "one", "1"));
    layer(active("2", "1"), root -> write(root, "two", "2"));
    in(
        committed("1"),
        root -> {
          assertEquals(Set.of("one"), names(root));
          assertReadOnly(root);
        });
    in(
        committed("2", "1"),
        root -> {
          assertEquals(Set.of("one", "two"), names(root));
          assertReadOnly(root);
        });
  }

  @Test
  void child_changes_leaveTheParentAsItWas() {
    layer(
        active("1"),
        root -> {
          write(root, "changed", "before");
          write(root, "deleted", "before");
        });
    layer(
        active("2", "1"),
        root -> {
          write(root, "changed", "after");
          root.unlink("deleted");
        });
    in(
        committed("1"),
        root -> {
          assertEquals("before", read(root, "changed"));
          assertEquals("before", read(root, "deleted"));
        });
    in(
        committed("2", "1"),
        root -> {
          assertEquals("after", read(root, "changed"));
          assertEquals(Set.of("changed"), names(root));
        });
  }

  @Test
  void deletions_overLayers_areSeenAboveOnly() {
    layer(
        active("1"),
        root -> {
          root.mkdir("folder", 0755);
          try (Dir folder = root.enter("folder")) {
            write(folder, "a", "1");
            write(folder, "b", "1");
          }
          root.mkdir("replaced", 0755);
          try (Dir replaced = root.enter("replaced")) {
            write(replaced, "old", "1");
          }
          write(root, "type", "file");
        });
    layer(
        active("2", "1"),
        root -> {
          try (Dir folder = root.enter("folder");
              Dir replaced = root.enter("replaced")) {
            folder.unlink("a");
            replaced.unlink("old");
          }
          root.rmdir("replaced");
          root.mkdir("replaced", 0755);
          root.unlink("type");
          root.mkdir("type", 0755);
        });
    layer(
        active("3", "2", "1"),
        root -> {
          try (Dir folder = root.enter("folder");
              Dir type = root.enter("type")) {
            assertEquals(Set.of("b"), names(folder));
            write(folder, "a", "3");
            write(type, "inside", "3");
          }
        });
    in(
        committed("3", "2", "1"),
        root -> {
          assertEquals("3", read(root, "folder/a"));
          assertEquals("1", read(root, "folder/b"));
          assertEquals("3", read(root, "type/inside"));
          try (Dir replaced = root.enter("replaced")) {
            assertEquals(Set.of(), names(replaced));
          }
        });
    in(committed("1"), root -> assertEquals("1", read(root, "replaced/old")));
  }

  @Test
  void metadata_overACommit_isKept() {
    Timestamp time = new Timestamp(1_234_567_890, 123_456_789);
    byte[] capability = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    layer(
        active("1"),
        root -> {
          write(root, "file", "text");
          try (Descriptor file = root.openPath("file")) {
            root.link(file, "second");
            InodeAttributes.chown(file, 12, 4_000_000_000L);
            InodeAttributes.chmod(file, 06755);
            Xattrs.set(file, "security.capability", capability, 0);
            InodeAttributes.setTimes(file, time, time);
          }
          root.mknod("device", FileType.CHARACTER_DEVICE, 0600, new DeviceNumber(1, 3));
          root.mknod("fifo", FileType.FIFO, 0600, DeviceNumber.NONE);
          root.symlink("/no/such", "link");
        });
    snapshotter.prepare(active("2", "1"));
    in(
        active("2", "1"),
        root -> {
          FileStat stat = root.stat("file");
          assertEquals(06755, stat.permissions());
          assertEquals(12, stat.uid());
          assertEquals(4_000_000_000L, stat.gid());
          assertEquals(time, stat.modified());
          assertEquals(2, stat.links());
          assertEquals(stat.inode(), root.stat("second").inode());
          try (Descriptor file = root.openPath("file")) {
            assertArrayEquals(capability, Xattrs.get(file, "security.capability").orElseThrow());
          }
          assertEquals(new DeviceNumber(1, 3), root.stat("device").node());
          assertEquals(FileType.FIFO, root.stat("fifo").type());
          assertEquals("/no/such", root.readlink("link"));
        });
  }

  @Test
  void rootFolder_ofAParent_isInherited() {
    layer(
        active("1"),
        root -> {
          InodeAttributes.chown(root.descriptor(), 7, 8);
          InodeAttributes.chmod(root.descriptor(), 0700);
        });
    snapshotter.prepare(active("2", "1"));
    in(
        active("2", "1"),
        root -> {
          assertEquals(0700, root.stat().permissions());
          assertEquals(7, root.stat().uid());
          assertEquals(8, root.stat().gid());
        });
  }

  @Test
  void manyLayers_areMounted() {
    List<String> ancestors = new ArrayList<>();
    for (int i = 1; i <= 135; i++) {
      String name = "f" + i;
      layer(active("" + i, ancestors.toArray(String[]::new)), root -> write(root, name, name));
      ancestors.addFirst("" + i);
    }
    String[] all = ancestors.toArray(String[]::new);
    snapshotter.prepare(active("top", all));
    in(
        active("top", all),
        root -> {
          assertEquals(135, names(root).size());
          assertEquals("f1", read(root, "f1"));
          root.unlink("f77");
          assertEquals(134, names(root).size());
        });
  }

  @Test
  void usage_growsWithWhatIsWritten_andCountsNoAncestor() {
    layer(active("1"), root -> write(root, "large", "x".repeat(1_000_000)));
    snapshotter.prepare(active("2", "1"));
    SnapshotUsage before = snapshotter.usage(active("2", "1"));
    if (sharesWithAncestors()) {
      assertTrue(before.bytes() < 500_000, before.toString());
    } else {
      assertTrue(before.bytes() >= 1_000_000, before.toString());
    }
    in(active("2", "1"), root -> write(root, "more", "x".repeat(2_000_000)));
    SnapshotUsage after = snapshotter.commit(active("2", "1"));
    assertTrue(after.bytes() >= 2_000_000, after.toString());
    assertTrue(after.bytes() > before.bytes(), after.toString());
    assertEquals(before.inodes() + 1, after.inodes());
    assertEquals(after, snapshotter.usage(committed("2", "1")));
  }

  @Test
  void prepare_again_takesNothingAway() {
    snapshotter.prepare(active("1"));
    in(active("1"), root -> write(root, "file", "text"));
    snapshotter.prepare(active("1"));
    in(active("1"), root -> assertEquals("text", read(root, "file")));
  }

  @Test
  void prepare_afterItsFilesWereLost_makesThemAgain() {
    layer(active("1"), root -> write(root, "one", "1"));
    snapshotter.prepare(active("2", "1"));
    snapshotter.remove("2");
    assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.mounts(active("2", "1")));
    snapshotter.prepare(active("2", "1"));
    in(
        active("2", "1"),
        root -> {
          assertEquals(Set.of("one"), names(root));
          write(root, "two", "2");
        });
  }

  @Test
  void mounts_withoutFiles_areNotFound() {
    assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.mounts(active("1")));
    layer(active("1"), root -> {});
    snapshotter.prepare(active("2", "1"));
    snapshotter.remove("1");
    assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.mounts(active("2", "1")));
    assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.commit(active("3")));
  }

  @Test
  void commit_again_isFine() {
    layer(active("1"), root -> write(root, "file", "text"));
    SnapshotUsage again = snapshotter.commit(active("1"));
    assertEquals(snapshotter.usage(committed("1")), again);
  }

  @Test
  void remove_deletesTheFilesAndIsQuietTheSecondTime() throws Exception {
    // What a snapshotter does at its start is over once it has made one.
    snapshotter.prepare(active("0"));
    snapshotter.remove("0");
    Set<String> before = files();
    layer(
        active("1"),
        root -> {
          root.mkdir("a", 0);
          try (Dir a = root.enter("a")) {
            write(a, "file", "text");
          }
          root.symlink("/", "link");
        });
    snapshotter.remove("1");
    snapshotter.remove("1");
    snapshotter.remove("unknown");
    assertEquals(before, files());
  }

  @Test
  void remove_ofTheChild_leavesTheParent() {
    layer(active("1"), root -> write(root, "one", "1"));
    layer(active("2", "1"), root -> write(root, "two", "2"));
    snapshotter.remove("2");
    in(committed("1"), root -> assertEquals("1", read(root, "one")));
  }

  @Test
  void ids_thatAreNoFileNames_areRefused() {
    for (String id : List.of("", "..", "a/b", "/", ".hidden", "a b")) {
      assertKind(ErrorKind.INVALID_ARGUMENT, () -> snapshotter.prepare(active(id)));
      assertKind(ErrorKind.INVALID_ARGUMENT, () -> snapshotter.remove(id));
      assertKind(ErrorKind.INVALID_ARGUMENT, () -> snapshotter.mounts(active("1", id)));
    }
  }

  @Test
  void sweep_deletesAllButTheLiving() {
    layer(active("1"), root -> write(root, "one", "1"));
    snapshotter.prepare(active("2", "1"));
    snapshotter.prepare(active("3", "1"));
    assertEquals(1, snapshotter.sweep(Set.of("1", "2")));
    assertEquals(0, snapshotter.sweep(Set.of("1", "2")));
    in(active("2", "1"), root -> assertEquals(Set.of("one"), names(root)));
    assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.mounts(active("3", "1")));
  }

  @Test
  void reopened_takesTheSameIds() {
    layer(active("1"), root -> write(root, "one", "1"));
    snapshotter.prepare(active("2", "1"));
    close(snapshotter);
    snapshotter = open(folder);
    in(
        active("2", "1"),
        root -> {
          assertEquals("1", read(root, "one"));
          write(root, "two", "2");
        });
  }

  @Test
  void mounted_whileTheSnapshotterIsReplaced_goesOn() {
    layer(active("1"), root -> write(root, "one", "1"));
    snapshotter.prepare(active("2", "1"));
    in(
        active("2", "1"),
        root -> {
          close(snapshotter);
          write(root, "two", "2");
          snapshotter = open(folder);
          assertEquals(Set.of("one", "two"), names(root));
        });
    in(active("2", "1"), root -> assertEquals("2", read(root, "two")));
  }

  @Test
  void differentIds_fromManyThreads_doNotDisturbEachOther() throws Exception {
    layer(active("base"), root -> write(root, "one", "1"));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        String id = "n" + i;
        boolean last = i % 3 == 0;
        results.add(
            threads.submit(
                () -> {
                  layer(active(id, "base"), root -> write(root, "id", id));
                  in(committed(id, "base"), root -> assertEquals(id, read(root, "id")));
                  if (last) {
                    snapshotter.remove(id);
                  }
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
    for (int i = 0; i < 24; i++) {
      String id = "n" + i;
      if (i % 3 == 0) {
        assertKind(ErrorKind.NOT_FOUND, () -> snapshotter.mounts(committed(id, "base")));
      } else {
        in(committed(id, "base"), root -> assertEquals(id, read(root, "id")));
      }
    }
  }

  @Test
  void interruptedCaller_isToldSo() throws Exception {
    Optional<EngineException>[] failure = newArray();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  Thread.currentThread().interrupt();
                  try {
                    snapshotter.prepare(active("1"));
                    failure[0] = Optional.empty();
                  } catch (EngineException e) {
                    failure[0] = Optional.of(e);
                  }
                });
    thread.join(5000);
    assertFalse(thread.isAlive());
    failure[0].ifPresent(e -> assertEquals(ErrorKind.CANCELLED, e.kind()));
    snapshotter.prepare(active("1"));
    in(active("1"), root -> assertEquals(Set.of(), names(root)));
  }

  @SuppressWarnings("unchecked")
  private static Optional<EngineException>[] newArray() {
    return (Optional<EngineException>[]) new Optional<?>[1];
  }
}
