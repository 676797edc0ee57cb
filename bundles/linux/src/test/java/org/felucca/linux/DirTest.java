package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirTest {
  private final Scratch scratch = Scratch.onDisk();
  private Dir root;

  @BeforeEach
  void makeTree() {
    scratch.file("secret", "outside");
    scratch.folder("root");
    root = Dir.open(scratch.path("root"));
  }

  @AfterEach
  void cleanUp() {
    root.close();
    scratch.close();
  }

  private String readInRoot(String path) {
    try (Descriptor file = root.openInRoot(path, OpenFlags.O_RDONLY, 0)) {
      byte[] content = new byte[100];
      int length = Math.max(0, FileData.read(file, content, 0, content.length));
      return new String(content, 0, length, StandardCharsets.UTF_8);
    }
  }

  @Test
  void openInRoot_waysOut_endInTheRoot() {
    scratch.file("root/secret", "inside");
    scratch.folder("root/a/b");
    root.symlink(scratch.path("secret"), "absolute");
    root.symlink("../secret", "up");
    root.symlink("../../../../../../../../secret", "wayUp");
    root.symlink("/secret", "top");
    root.symlink("..", "parent");
    Expect.fails(Errno.ENOENT, () -> readInRoot("absolute"));
    for (String path :
        List.of(
            "up",
            "wayUp",
            "top",
            "parent/secret",
            "../secret",
            "/secret",
            "a/b/../../../../secret",
            "a/../../secret",
            "parent/parent/a/../secret")) {
      assertEquals("inside", readInRoot(path), path);
    }
  }

  @Test
  void checkDirInRoot_findsFoldersOnlyAndLeavesNoDescriptor() throws Exception {
    scratch.folder("root/a/b");
    scratch.file("root/file", "x");
    root.symlink("/a", "link");
    root.symlink(scratch.path("root"), "outside");
    long before = openFiles();
    for (int i = 0; i < 100; i++) {
      root.checkDirInRoot("a/b");
      root.checkDirInRoot("link/b");
    }
    assertTrue(openFiles() < before + 50, () -> "descriptors are left open");
    Expect.fails(Errno.ENOTDIR, () -> root.checkDirInRoot("file"));
    Expect.fails(Errno.ENOENT, () -> root.checkDirInRoot("a/c"));
    Expect.fails(Errno.ENOENT, () -> root.checkDirInRoot("outside/a"));
  }

  private static long openFiles() throws Exception {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  @Test
  void openInRoot_creatingThroughALink_createsInside() {
    root.symlink("/new", "link");
    root.openInRoot("link", OpenFlags.O_CREAT | OpenFlags.O_WRONLY, 0600).close();
    assertTrue(Files.exists(Path.of(scratch.path("root/new"))));
    assertFalse(Files.exists(Path.of("/new")));
  }

  @Test
  void openInRoot_magicLink_isRefused() {
    try (Dir host = Dir.open("/");
        Descriptor outside = Descriptor.open(scratch.path("secret"), OpenFlags.O_RDONLY, 0)) {
      Expect.fails(
          Errno.ELOOP,
          () -> host.openInRoot(outside.procPath().substring(1), OpenFlags.O_RDONLY, 0));
      Expect.fails(Errno.ELOOP, () -> host.openInRoot("proc/self/root/etc", OpenFlags.O_PATH, 0));
    }
  }

  @Test
  void open_beneath_refusesEveryWayOut() {
    root.symlink("../secret", "up");
    root.symlink("/secret", "top");
    for (String path : List.of("up", "top", "..", "/secret", "../root")) {
      Expect.fails(Errno.EXDEV, () -> root.open(path, OpenFlags.O_PATH, 0, Resolve.BENEATH));
    }
    Expect.fails(Errno.ELOOP, () -> root.open("up", OpenFlags.O_RDONLY, 0, Resolve.NO_SYMLINKS));
  }

  @Test
  void enter_mountPoint_isRefused() {
    scratch.folder("root/m");
    Mounts.mount("bind", scratch.path(), scratch.path("root/m"), List.of("bind"));
    Expect.fails(Errno.EXDEV, () -> root.enter("m"));
    Mounts.unmount(scratch.path("root/m"), 0);
    root.enter("m").close();
  }

  @Test
  void enter_link_isRefused() {
    root.symlink("..", "up");
    Expect.fails(Errno.ENOTDIR, () -> root.enter("up"));
    scratch.file("root/f", "");
    Expect.fails(Errno.ENOTDIR, () -> root.enter("f"));
  }

  @Test
  void names_thatAreNoSingleName_areRefused() {
    scratch.folder("root/a");
    try (Descriptor file = root.openPath("a")) {
      for (String name : List.of("", ".", "..", "a/b", "/", "/a", "a/", "../x")) {
        Expect.fails(Errno.EINVAL, () -> root.mkdir(name, 0755));
        Expect.fails(Errno.EINVAL, () -> root.mknod(name, FileType.FIFO, 0600, DeviceNumber.NONE));
        Expect.fails(Errno.EINVAL, () -> root.symlink("x", name));
        Expect.fails(Errno.EINVAL, () -> root.link(file, name));
        Expect.fails(Errno.EINVAL, () -> root.unlink(name));
        Expect.fails(Errno.EINVAL, () -> root.rmdir(name));
        Expect.fails(Errno.EINVAL, () -> root.rename(name, root, "x", 0));
        Expect.fails(Errno.EINVAL, () -> root.rename("a", root, name, 0));
        Expect.fails(Errno.EINVAL, () -> root.readlink(name));
        Expect.fails(Errno.EINVAL, () -> root.stat(name));
        Expect.fails(Errno.EINVAL, () -> root.openName(name, OpenFlags.O_PATH, 0));
        Expect.fails(Errno.EINVAL, () -> root.openPath(name));
        Expect.fails(Errno.EINVAL, () -> root.enter(name));
      }
    }
  }

  @Test
  void openName_link_isRefused() {
    root.symlink("../secret", "link");
    Expect.fails(Errno.ELOOP, () -> root.openName("link", OpenFlags.O_RDONLY, 0));
    Expect.fails(
        Errno.ELOOP, () -> root.openName("link", OpenFlags.O_WRONLY | OpenFlags.O_CREAT, 0600));
    assertEquals("outside", scratch.read("secret"));
  }

  @Test
  void devices_areMadeSetAndMovedWithoutBeingOpened() {
    DeviceNumber none = new DeviceNumber(4095, 1048575); // no driver: to open it would be ENXIO
    root.mknod("dev", FileType.CHARACTER_DEVICE, 0600, none);
    FileStat stat = root.stat("dev");
    assertEquals(FileType.CHARACTER_DEVICE, stat.type());
    assertEquals(none, stat.node());
    try (Descriptor device = root.openPath("dev")) {
      InodeAttributes.chown(device, 12, 34);
      InodeAttributes.chmod(device, 0640);
      InodeAttributes.setTimes(device, null, new Timestamp(1, 2));
      Xattrs.set(device, "trusted.felucca", new byte[] {1}, 0);
      root.link(device, "other");
    }
    root.rename("dev", root, "moved", Dir.RENAME_NOREPLACE);
    FileStat changed = root.stat("moved");
    assertEquals(0640, changed.permissions());
    assertEquals(12, changed.uid());
    assertEquals(34, changed.gid());
    assertEquals(new Timestamp(1, 2), changed.modified());
    assertEquals(2, changed.links());
    assertTrue(changed.sameFile(root.stat("other")));
    Expect.fails(Errno.ENXIO, () -> root.openName("moved", OpenFlags.O_RDONLY, 0));
    root.mknod("whiteout", FileType.CHARACTER_DEVICE, 0, DeviceNumber.NONE);
    assertEquals(DeviceNumber.NONE, root.stat("whiteout").node());
  }

  @Test
  void rename_flags_doWhatTheySay() {
    scratch.file("root/a", "a");
    scratch.file("root/b", "b");
    Expect.fails(Errno.EEXIST, () -> root.rename("a", root, "b", Dir.RENAME_NOREPLACE));
    root.rename("a", root, "b", Dir.RENAME_EXCHANGE);
    assertEquals("b", scratch.read("root/a"));
    scratch.folder("root/d");
    try (Dir d = root.enter("d")) {
      root.rename("a", d, "c", Dir.RENAME_WHITEOUT);
    }
    assertEquals(FileType.CHARACTER_DEVICE, root.stat("a").type());
    root.rename("b", root, "a", 0);
    assertEquals("a", scratch.read("root/a"));
  }

  @Test
  void link_ofLinkTmpfileAndName_makesAnotherName() {
    root.symlink("nowhere", "link");
    try (Descriptor link = root.openPath("link")) {
      root.link(link, "link2");
    }
    assertEquals("nowhere", root.readlink("link2"));
    try (Descriptor nameless = root.openInRoot(".", OpenFlags.O_TMPFILE | OpenFlags.O_RDWR, 0600)) {
      assertEquals(0, nameless.stat().links());
      FileData.write(nameless, new byte[] {'x'}, 0, 1);
      root.link(nameless, "named");
    }
    assertEquals("x", scratch.read("root/named"));
  }

  @Test
  void readlink_longAndOddTargets_comeBack() {
    String odd = FileNames.decode(new byte[] {(byte) 0xFF, 'a', (byte) 0xC3});
    root.symlink(odd, "odd");
    assertEquals(odd, root.readlink("odd"));
    String longest = "x/".repeat(2047);
    root.symlink(longest, "long");
    assertEquals(longest, root.readlink("long"));
    try (Descriptor link = root.openPath("long")) {
      assertEquals(longest, Dir.readlink(link));
    }
    scratch.file("root/f", "");
    Expect.fails(Errno.EINVAL, () -> root.readlink("f"));
  }

  @Test
  void list_manyAndOddNames_findsAll() {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 3_000; i++) {
      names.add("file-with-a-rather-long-name-" + i);
    }
    names.add(FileNames.decode(new byte[] {(byte) 0x80, '\n', ' '}));
    names.add("...");
    names.add("..a");
    names.add(".b");
    for (String name : names) {
      root.mknod(name, FileType.REGULAR, 0600, DeviceNumber.NONE);
    }
    Set<String> found = new TreeSet<>();
    List<DirEntry> twice = new ArrayList<>();
    root.forEach(
        entry -> {
          if (!found.add(entry.name())) {
            twice.add(entry);
          }
        });
    assertEquals(names, found);
    assertEquals(List.of(), twice);
    // Every listing begins at the start again.
    assertEquals(names.size(), root.list().size());
    assertFalse(root.isEmpty());
  }

  @Test
  void list_types_areTold() {
    root.mkdir("d", 0755);
    root.symlink("x", "l");
    root.mknod("p", FileType.FIFO, 0600, DeviceNumber.NONE);
    root.mknod("s", FileType.SOCKET, 0600, DeviceNumber.NONE);
    for (DirEntry entry : root.list()) {
      FileStat stat = root.stat(entry.name());
      assertEquals(stat.type(), entry.type());
      assertEquals(stat.inode(), entry.inode());
    }
    try (Dir d = root.enter("d")) {
      assertTrue(d.isEmpty());
    }
  }

  @Test
  void of_noFolder_isRefusedAndLeftOpen() {
    try (Descriptor file = Descriptor.open(scratch.path("secret"), OpenFlags.O_PATH, 0)) {
      Expect.fails(Errno.ENOTDIR, () -> Dir.of(file));
      assertFalse(file.isClosed());
    }
    Expect.fails(Errno.ENOTDIR, () -> Dir.open(scratch.path("secret")));
  }

  @Test
  void statIfExists_nothing_isEmpty() {
    assertTrue(root.statIfExists("nothing").isEmpty());
    assertEquals(FileType.DIRECTORY, root.stat().type());
  }

  @Test
  void deepTree_longerThanAnyPath_isReached() {
    String name = "n".repeat(200);
    List<Dir> open = new ArrayList<>();
    try {
      Dir dir = root;
      for (int i = 0; i < 50; i++) { // 10,000 bytes of path
        dir.mkdir(name, 0755);
        dir = dir.enter(name);
        open.add(dir);
      }
      dir.symlink("x", "end");
      assertEquals("x", dir.readlink("end"));
      Expect.fails(
          Errno.ENAMETOOLONG, () -> root.openInRoot((name + "/").repeat(50), OpenFlags.O_PATH, 0));
      LinuxException e = Expect.fails(Errno.ENOENT, () -> open.getLast().unlink("missing"));
      assertTrue(e.getMessage().startsWith("unlinkat(descriptor "), e.getMessage());
    } finally {
      open.forEach(Dir::close);
    }
  }
}
