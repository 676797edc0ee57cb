package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.TreeArchives.Owner;
import org.felucca.api.diff.TreeArchives.Place;
import org.felucca.api.snapshot.Mount;
import org.junit.jupiter.api.Test;

class TreeArchivesTest extends LayerTestBase {
  private Place place(Path folder, String path) {
    return new Place(List.of(new Mount("bind", folder.toString(), "", List.of("rbind"))), path);
  }

  private Path made(String name) throws Exception {
    return Files.createDirectories(folder.resolve(name));
  }

  private byte[] pack(Place from, String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    service.pack(from, name, out);
    return out.toByteArray();
  }

  private void unpack(byte[] tar, Place to) {
    service.unpack(new ByteArrayInputStream(tar), to, null);
  }

  private static EngineException refused(ErrorKind kind, Runnable work) {
    EngineException e = assertThrows(EngineException.class, work::run);
    assertEquals(kind, e.kind(), e.getMessage());
    return e;
  }

  @Test
  void copy_everyKindOfFile_isTheSameThere() throws Exception {
    Path from = made("from");
    apply(
        new Layer()
            .folder("dir", 0750, 1, 2)
            .file("dir/file", "text")
            .hardLink("dir/again", "dir/file")
            .symlink("dir/link", "/etc/passwd"),
        place(from, "/").tree());
    Files.writeString(from.resolve("dir/.wh.kept"), "no whiteout here");
    Path to = made("to");
    service.copy(place(from, "/dir"), "renamed", place(to, "/"), null);
    Path copied = to.resolve("renamed");
    assertEquals("text", Files.readString(copied.resolve("file")));
    assertEquals("no whiteout here", Files.readString(copied.resolve(".wh.kept")));
    assertTrue(Files.isSameFile(copied.resolve("file"), copied.resolve("again")));
    assertEquals("/etc/passwd", Files.readSymbolicLink(copied.resolve("link")).toString());
    assertEquals(1, Files.getAttribute(copied, "unix:uid"));
    assertEquals(Files.getLastModifiedTime(from.resolve("dir")), Files.getLastModifiedTime(copied));

    service.copy(place(from, "/dir"), "", place(to, "renamed/"), new Owner(7, 8));
    assertEquals(7, Files.getAttribute(copied.resolve("file"), "unix:uid"));
    assertEquals(8, Files.getAttribute(copied.resolve("file"), "unix:gid"));
    assertEquals(1, Files.getAttribute(copied, "unix:uid"));
  }

  @Test
  void pack_links_stayInTheTree() throws Exception {
    Path root = made("root");
    Path secret = Files.writeString(folder.resolve("secret"), "outside");
    Files.createDirectory(root.resolve("etc"));
    Files.writeString(root.resolve("etc/hostname"), "inside");
    Files.createSymbolicLink(root.resolve("up"), Path.of("../secret"));
    Files.createSymbolicLink(root.resolve("out"), secret.getParent());
    Files.createSymbolicLink(root.resolve("etc2"), Path.of("/etc"));
    refused(ErrorKind.NOT_FOUND, () -> pack(place(root, "/out/secret"), "x"));
    Path to = made("to");
    unpack(pack(place(root, "/../etc2/hostname"), "inside"), place(to, "/"));
    assertEquals("inside", Files.readString(to.resolve("inside")));
    unpack(pack(place(root, "/up"), "up"), place(to, "/"));
    assertTrue(Files.isSymbolicLink(to.resolve("up")));
    refused(ErrorKind.NOT_FOUND, () -> pack(place(root, "/up/"), "up"));
  }

  @Test
  void unpack_links_leadNobodyOut() throws Exception {
    Path root = made("root");
    Path outside = made("outside");
    Files.createSymbolicLink(root.resolve("escape"), outside);
    byte[] tar = new Layer().file("escape/file", "x").bytes();
    refused(
        ErrorKind.INVALID_ARGUMENT,
        () -> unpack(new Layer().file("../x", "x").bytes(), place(root, "/")));
    unpack(tar, place(root, "/"));
    assertFalse(Files.exists(outside.resolve("file")));
    assertTrue(Files.exists(Path.of(root + outside.toString()).resolve("file")));
    // A link of the archive itself does not lead out either.
    unpack(
        new Layer().symlink("trap", "../../outside").file("trap/file", "x").bytes(),
        place(root, "/"));
    assertFalse(Files.exists(outside.resolve("file")));
  }

  @Test
  void unpack_foldersAndFiles_doNotReplaceEachOther() throws Exception {
    Path root = made("root");
    Files.createDirectories(root.resolve("dir/sub"));
    Files.writeString(root.resolve("file"), "x");
    refused(
        ErrorKind.FAILED_PRECONDITION,
        () -> unpack(new Layer().file("dir", "x").bytes(), place(root, "/")));
    refused(
        ErrorKind.FAILED_PRECONDITION,
        () -> unpack(new Layer().folder("file", 0755, 0, 0).bytes(), place(root, "/")));
    unpack(new Layer().file("file", "new").file("dir/sub/more", "x").bytes(), place(root, "/"));
    assertEquals("new", Files.readString(root.resolve("file")));
    refused(
        ErrorKind.NOT_FOUND,
        () -> unpack(new Layer().file("x", "x").bytes(), place(root, "/nowhere")));
    refused(
        ErrorKind.INVALID_ARGUMENT,
        () -> unpack(new Layer().file("x", "x").bytes(), place(root, "/file")));
  }

  @Test
  void stat_tellsKinds() throws Exception {
    Path root = made("root");
    Files.writeString(root.resolve("file"), "four");
    Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
    FileFacts file = service.stat(place(root, "/file")).orElseThrow();
    assertEquals("file", file.name());
    assertEquals(FileFacts.Kind.FILE, file.kind());
    assertEquals(4, file.size());
    assertEquals("file", service.stat(place(root, "link")).orElseThrow().link());
    assertEquals("/", service.stat(place(root, "/")).orElseThrow().name());
    assertTrue(service.stat(place(root, "/none")).isEmpty());
    refused(ErrorKind.INVALID_ARGUMENT, () -> service.stat(place(root, "/file/below")));
  }

  @Test
  void changes_listsWhatDiffers() throws Exception {
    stack(
        new Layer()
            .folder("dir", 0750, 1, 2)
            .file("dir/kept", "kept")
            .file("dir/changed", "before")
            .file("gone/deep/file", "x")
            .file("untouched/deep/down", "x"));
    List<Mount> lower = merged();
    List<Mount> upper = next();
    try (MountedTree tree = MountedTree.of(upper)) {
      org.felucca.linux.Trees.delete(tree.root(), "gone");
    }
    unpack(
        new Layer().file("dir/changed", "after").file("dir/new/file", "x").bytes(),
        new Place(upper, "/"));
    List<String> lines = new ArrayList<>();
    service.changes(
        lower, upper, change -> lines.add(change.kind().letter() + " " + change.path()));
    assertEquals(
        List.of("C /dir", "C /dir/changed", "A /dir/new", "A /dir/new/file", "D /gone"), lines);

    // The same without knowing that the one lies over the other.
    Path full = made("full");
    service.copy(new Place(upper, "/"), "", place(full, "/"), null);
    List<String> compared = new ArrayList<>();
    service.changes(
        lower,
        place(full, "/").tree(),
        change -> {
          if (!change.path().equals("/")) {
            compared.add(change.kind().letter() + " " + change.path());
          }
        });
    assertEquals(lines, compared);
  }

  @Test
  void compare_compressed_isTheSameLayerAndTheSameBytes() throws Exception {
    stack(new Layer().file("a", "x"));
    List<Mount> lower = merged();
    List<Mount> upper = next();
    unpack(new Layer().file("b", "text ".repeat(10_000)).bytes(), new Place(upper, "/"));
    AppliedLayer plain = service.compare(lower, upper, Layer.TAR, new ByteArrayOutputStream());
    for (String compression : List.of("gzip", "zstd")) {
      byte[] first = compared(lower, upper, compression, plain);
      assertTrue(first.length < plain.size() / 10, compression);
      assertArrayEquals(first, compared(lower, upper, compression, plain), compression);
      Path to = made(compression);
      AppliedLayer applied =
          service.apply(
              new ByteArrayInputStream(first),
              Layer.TAR + "+" + compression,
              place(to, "/").tree(),
              "layer",
              Progress.NONE);
      assertEquals(plain.diffId(), applied.diffId());
      assertTrue(Files.exists(to.resolve("b")));
    }
    refused(
        ErrorKind.INVALID_ARGUMENT,
        () -> service.compare(lower, upper, "text/plain", new ByteArrayOutputStream()));
  }

  private byte[] compared(
      List<Mount> lower, List<Mount> upper, String compression, AppliedLayer plain) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AppliedLayer layer = service.compare(lower, upper, Layer.TAR + "+" + compression, out);
    assertEquals(plain, layer);
    return out.toByteArray();
  }

  @Test
  void copy_thatFailsAtTheSource_fails() throws Exception {
    Path root = made("root");
    Path to = made("to");
    refused(
        ErrorKind.NOT_FOUND, () -> service.copy(place(root, "/none"), "x", place(to, "/"), null));
    for (int i = 0; i < 4; i++) {
      // More at once than there are turns would hang if one took two.
      service.copy(place(root, "/"), "again", place(to, "/"), null);
    }
    assertTrue(Files.isDirectory(to.resolve("again")));
  }
}
