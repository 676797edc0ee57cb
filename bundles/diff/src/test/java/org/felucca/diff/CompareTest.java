package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.Descriptor;
import org.felucca.linux.DeviceNumber;
import org.felucca.linux.Dir;
import org.felucca.linux.FileType;
import org.felucca.linux.InodeAttributes;
import org.felucca.linux.Timestamp;
import org.felucca.linux.Xattrs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompareTest extends LayerTestBase {
  private List<Mount> lower;
  private List<Mount> upper;

  @BeforeEach
  void makeStates() throws Exception {
    stack(
        new Layer()
            .folder("dir", 0750, 1, 2)
            .file("dir/kept", "kept")
            .file("dir/changed", "before")
            .file("dir/deleted", "x")
            .file("gone/deep/file", "x")
            .file("type", "file")
            .file("typedir/x", "x")
            .file("linked", "several names")
            .hardLink("linked2", "linked")
            .file("mode", "x")
            .symlink("link", "dir")
            .file("untouched/deep/down", "x"));
    lower = merged();
    upper = next();
  }

  /** Changes of all kinds, made in the merged tree. */
  private void change(Dir root) {
    try (Dir dir = root.enter("dir")) {
      dir.unlink("changed");
      write(dir, "changed", "after!");
      dir.unlink("deleted");
      write(dir, "n".repeat(200), "long name");
    }
    org.felucca.linux.Trees.delete(root, "gone");
    root.unlink("type");
    root.mkdir("type", 0711);
    try (Dir type = root.enter("type")) {
      write(type, "inside", "x");
    }
    org.felucca.linux.Trees.delete(root, "typedir");
    write(root, "typedir", "a file now");
    try (Descriptor mode = root.openPath("mode")) {
      InodeAttributes.chown(mode, 4_000_000_000L, 7);
      InodeAttributes.chmod(mode, 06711);
    }
    root.unlink("link");
    root.symlink("l".repeat(150), "link");
    write(root, "a", "two names");
    try (Descriptor a = root.openPath("a")) {
      root.link(a, "z");
      Xattrs.set(a, "user.test", new byte[] {0, 10, (byte) 0xFF, '='}, 0);
      Timestamp time = new Timestamp(1_234_567_890, 123_456_700);
      InodeAttributes.setTimes(a, time, time);
    }
    root.mknod("device", FileType.CHARACTER_DEVICE, 0600, new DeviceNumber(1, 5));
    root.mknod("fifo", FileType.FIFO, 0600, DeviceNumber.NONE);
    root.mknod("socket", FileType.SOCKET, 0600, DeviceNumber.NONE);
    write(root, "bytes\udcff", "a name that is no UTF-8");
  }

  private static void write(Dir dir, String name, String text) {
    try (Descriptor file =
        dir.openName(
            name,
            org.felucca.linux.OpenFlags.O_WRONLY | org.felucca.linux.OpenFlags.O_CREAT,
            0644)) {
      byte[] bytes = text.getBytes();
      org.felucca.linux.FileData.write(file, bytes, 0, bytes.length);
    }
  }

  private byte[] compare(List<Mount> before, List<Mount> after) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AppliedLayer layer = service.compare(before, after, Layer.TAR, out);
    assertEquals(Digest.sha256(out.toByteArray()), layer.diffId());
    assertEquals(out.size(), layer.size());
    return out.toByteArray();
  }

  private static List<String> names(byte[] layer) {
    List<String> names = new ArrayList<>();
    boolean[] given = new boolean[1];
    TarReader tar =
        new TarReader(
            () -> {
              if (given[0]) {
                return null;
              }
              given[0] = true;
              return java.nio.ByteBuffer.wrap(layer);
            });
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      names.add(entry.name());
    }
    return names;
  }

  private void changeUpper() {
    try (MountedTree tree = MountedTree.of(upper)) {
      change(tree.root());
    }
  }

  @Test
  void compare_appliedAgain_givesTheSameTree() throws Exception {
    changeUpper();
    byte[] layer = compare(lower, upper);
    SortedMap<String, String> expected = dump(upper, false);
    expected.remove("socket");
    List<Mount> fresh = next();
    apply(layer, fresh);
    assertEquals(expected, dump(fresh, false));
    assertArrayEquals(layer, compare(lower, fresh));
  }

  @Test
  void compare_withoutKnowledgeOfOverlays_givesTheSameLayer() {
    changeUpper();
    byte[] layer = compare(lower, upper);
    // A source of another name hides that it is the same overlay.
    List<Mount> disguised =
        List.of(new Mount("bind", lower.getFirst().source() + "/.", "", List.of("ro", "rbind")));
    assertArrayEquals(layer, compare(disguised, upper));
  }

  @Test
  void compare_namesOnlyWhatDiffers_withFoldersFirstAndInOrder() {
    changeUpper();
    assertEquals(
        List.of(
            "a",
            "bytes\udcff",
            "device",
            "dir/",
            "dir/changed",
            "dir/.wh.deleted",
            "dir/" + "n".repeat(200),
            "fifo",
            ".wh.gone",
            "link",
            "mode",
            "type/",
            "type/inside",
            "typedir",
            "z"),
        names(compare(lower, upper)));
  }

  @Test
  void compare_equalTrees_areAnEmptyLayer() {
    assertEquals(1024, compare(lower, upper).length);
    assertEquals(1024, compare(lower, lower).length);
  }

  @Test
  void compare_newNameOfAnOldFile_isALinkInTheLayer() throws Exception {
    try (MountedTree tree = MountedTree.of(upper);
        Descriptor linked = tree.root().openPath("linked")) {
      tree.root().link(linked, "third");
    }
    byte[] layer = compare(lower, upper);
    List<Mount> fresh = next();
    apply(layer, fresh);
    Map<String, String> tree = dump(fresh, false);
    assertTrue(tree.get("third").endsWith("= linked"), tree.get("third"));
  }

  @Test
  void compare_sameSizeAndSecond_isFoundByContent() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one"));
    Path two = Files.createDirectory(folder.resolve("two"));
    for (Path path : List.of(one, two)) {
      Files.writeString(path.resolve("same"), "same");
      Files.writeString(path.resolve("other"), path == one ? "1111" : "2222");
      for (String name : List.of("same", "other")) {
        Files.setLastModifiedTime(path.resolve(name), FileTime.fromMillis(1_000_000));
      }
    }
    assertEquals(
        List.of("other"),
        names(
            compare(
                List.of(new Mount("bind", one.toString(), "", List.of("ro", "rbind"))),
                List.of(new Mount("bind", two.toString(), "", List.of("ro", "rbind"))))));
  }

  @Test
  void compare_againstNothing_isTheWholeTree() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    List<Mount> nothing = List.of(new Mount("bind", empty.toString(), "", List.of("ro", "rbind")));
    byte[] layer = compare(nothing, lower);
    service.apply(
        new ByteArrayInputStream(layer), Layer.TAR, bind(), "l", org.felucca.api.Progress.NONE);
    assertEquals(dump(lower, true), dump(bind(), true));
  }
}
