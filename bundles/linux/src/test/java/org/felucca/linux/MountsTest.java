package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MountsTest {
  private final Scratch scratch = Scratch.onTmpfs();

  @AfterEach
  void cleanUp() {
    scratch.close();
  }

  private static MountInfo at(String path) {
    return MountTable.read().mountAt(path).orElseThrow();
  }

  /** Layers 0 (the topmost) to count-1, each with a file of its own and one in common. */
  private List<String> layers(String prefix, int count) {
    List<String> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      scratch.file(prefix + i + "/fs/only-" + i, "" + i);
      scratch.file(prefix + i + "/fs/common", "" + i);
      layers.add(scratch.path(prefix + i + "/fs"));
    }
    return layers;
  }

  private void assertAllLayersSeen(String target, int count) {
    for (int i = 0; i < count; i++) {
      assertEquals("" + i, scratch.read(target + "/only-" + i));
    }
    assertEquals("0", scratch.read(target + "/common"));
  }

  @Test
  void mount_tmpfsWithOptions_passesFlagsAndData() {
    String target = scratch.folder("m");
    Mounts.mount(
        "tmpfs",
        "scratch",
        target,
        List.of("nosuid", "nodev", "noexec", "size=1m", "mode=0711", "x-felucca=1", "ro", "rw"));
    MountInfo mount = at(target);
    assertTrue(
        mount.options().containsAll(Set.of("rw", "nosuid", "nodev", "noexec")), mount::toString);
    assertEquals("scratch", mount.source());
    assertTrue(mount.superOptions().contains("size=1024k"), mount::toString);
    Mounts.mount("", "", target, List.of("remount", "ro", "nosuid"));
    assertTrue(at(target).options().contains("ro"));
    Mounts.unmount(target, 0);
    Expect.fails(Errno.EINVAL, () -> Mounts.unmount(target, 0));
  }

  @Test
  void mount_bindReadOnly_isReadOnlyAndItsSourceNot() {
    scratch.file("source/f", "x");
    String target = scratch.folder("target");
    Mounts.mount(
        "bind", scratch.path("source"), target, List.of("rbind", "ro", "nosuid", "noatime"));
    MountInfo mount = at(target);
    assertTrue(mount.options().containsAll(Set.of("ro", "nosuid", "noatime")), mount::toString);
    Expect.fails(
        Errno.EROFS,
        () -> Descriptor.open(target + "/g", OpenFlags.O_CREAT | OpenFlags.O_WRONLY, 0600));
    scratch.file("source/g", "y");
    assertEquals("y", scratch.read("target/g"));
  }

  @Test
  void mount_bindOfAFile_works() {
    scratch.file("source", "x");
    String target = scratch.file("target", "");
    Mounts.mount("none", scratch.path("source"), target, List.of("bind", "ro"));
    assertEquals("x", scratch.read("target"));
    Mounts.unmount(target, 0);
    assertEquals("", scratch.read("target"));
  }

  @Test
  void mount_rro_changesTheWholeTree_roOnlyTheTop() {
    String inner = scratch.folder("source/inner");
    Mounts.mount("tmpfs", "inner", inner, List.of());
    String top = scratch.folder("top");
    Mounts.mount("bind", scratch.path("source"), top, List.of("rbind", "ro"));
    scratch.file("top/inner/f", "writable");
    Mounts.unmountAll(top, Mounts.MNT_DETACH);
    Mounts.mount("bind", scratch.path("source"), top, List.of("rbind", "rro"));
    Expect.fails(
        Errno.EROFS,
        () -> Descriptor.open(top + "/inner/g", OpenFlags.O_CREAT | OpenFlags.O_WRONLY, 0600));
    // Bind without its submounts shows the empty folder below.
    String flat = scratch.folder("flat");
    Mounts.mount("bind", scratch.path("source"), flat, List.of("bind"));
    assertFalse(Files.exists(Path.of(flat, "inner/f")));
  }

  @Test
  void mount_propagation_isSet() {
    String target = scratch.folder("m");
    Mounts.mount("tmpfs", "m", target, List.of("rshared"));
    assertTrue(at(target).propagation().getFirst().startsWith("shared:"));
    String slave = scratch.folder("s");
    Mounts.mount("bind", target, slave, List.of("rbind", "rslave"));
    assertTrue(at(slave).propagation().getFirst().startsWith("master:"));
    Mounts.mount("bind", target, scratch.folder("p"), List.of("rbind", "rprivate"));
    assertEquals(List.of(), at(scratch.path("p")).propagation());
  }

  @Test
  void mount_failure_leavesNothingAndNamesIt() {
    String target = scratch.folder("m");
    LinuxException e =
        Expect.fails(Errno.ENODEV, () -> Mounts.mount("nosuchfs", "source", target, List.of("ro")));
    assertTrue(
        e.getMessage().contains(target) && e.getMessage().contains("nosuchfs"), e::getMessage);
    Expect.fails(
        Errno.ENOENT, () -> Mounts.mount("bind", scratch.path("missing"), target, List.of("bind")));
    assertTrue(MountTable.read().mountAt(target).isEmpty());
    String huge = "x".repeat(5_000);
    Expect.fails(Errno.E2BIG, () -> Mounts.mount("tmpfs", "m", target, List.of("mpol=" + huge)));
  }

  @Test
  void unmount_linkAtTheTarget_isNotFollowed() {
    String target = scratch.folder("m");
    Mounts.mount("tmpfs", "m", target, List.of());
    try (Dir dir = scratch.dir()) {
      dir.symlink("m", "link");
    }
    Expect.fails(Errno.EINVAL, () -> Mounts.unmount(scratch.path("link"), 0));
    assertTrue(MountTable.read().mountAt(target).isPresent());
  }

  @Test
  void unmountAll_stackedMounts_countsThem() {
    String target = scratch.folder("m");
    for (int i = 0; i < 3; i++) {
      Mounts.mount("tmpfs", "m" + i, target, List.of());
    }
    assertEquals(3, Mounts.unmountAll(target, 0));
    assertEquals(0, Mounts.unmountAll(target, 0));
    assertEquals(0, Mounts.unmountAll(scratch.path("missing"), 0));
  }

  @Test
  void unmount_busy_saysSo_andDetachHelps() {
    String target = scratch.folder("m");
    Mounts.mount("tmpfs", "m", target, List.of());
    scratch.file("m/f", "x");
    try (Descriptor file = Descriptor.open(target + "/f", OpenFlags.O_RDONLY, 0)) {
      Expect.fails(Errno.EBUSY, () -> Mounts.unmount(target, 0));
      Mounts.unmount(target, Mounts.MNT_DETACH);
      assertEquals(1, file.stat().size());
    }
  }

  @Test
  void detachBelow_nestedAndStacked_leavesTheFolderItself() {
    Mounts.mount("tmpfs", "a", scratch.folder("a"), List.of());
    Mounts.mount("tmpfs", "b", scratch.folder("a/b c"), List.of());
    Mounts.mount("tmpfs", "b2", scratch.path("a/b c"), List.of());
    Mounts.mount("tmpfs", "ab", scratch.folder("ab"), List.of());
    List<String> gone = Mounts.detachBelow(scratch.path("a"));
    assertEquals(List.of(scratch.path("a/b c"), scratch.path("a/b c")), gone);
    assertEquals("a", at(scratch.path("a")).source());
    assertEquals("ab", at(scratch.path("ab")).source());
  }

  @Test
  void mount_byDescriptor_goesWhereTheFolderIsNow() {
    scratch.folder("a");
    try (Dir top = scratch.dir();
        Dir a = top.enter("a")) {
      top.rename("a", top, "moved", 0);
      top.symlink("/etc", "a");
      Mounts.mount("tmpfs", "m", a.procPath(), List.of());
      assertEquals("m", at(scratch.path("moved")).source());
    }
  }

  @Test
  void overlay_fewLayers_writesGoToTheUpper() {
    List<String> lowers = layers("l", 2);
    String upper = scratch.folder("upper");
    String work = scratch.folder("work");
    Mounts.mount(
        "overlay",
        "overlay",
        scratch.folder("m"),
        List.of("lowerdir=" + String.join(":", lowers), "upperdir=" + upper, "workdir=" + work));
    assertAllLayersSeen("m", 2);
    scratch.file("m/new", "n");
    assertEquals("n", scratch.read("upper/new"));
  }

  @Test
  void overlay_manyLayers_writableAndView() {
    for (int count : new int[] {130, 499}) {
      List<String> lowers = layers("snapshots/with-a-rather-long-key-" + count + "-", count);
      String lowerdir = "lowerdir=" + String.join(":", lowers);
      assertTrue(lowerdir.length() > 4096);
      String view = scratch.folder("view" + count);
      Mounts.mount("overlay", "overlay", view, List.of(lowerdir, "ro", "nosuid"));
      assertAllLayersSeen("view" + count, count);
      assertTrue(at(view).options().containsAll(Set.of("ro", "nosuid")));
      Expect.fails(
          Errno.EROFS,
          () -> Descriptor.open(view + "/new", OpenFlags.O_CREAT | OpenFlags.O_WRONLY, 0600));
      String target = scratch.folder("m" + count);
      Mounts.mount(
          "overlay",
          "overlay",
          target,
          List.of(
              "volatile",
              lowerdir,
              "upperdir=" + scratch.folder("upper" + count),
              "workdir=" + scratch.folder("work" + count)));
      scratch.file("m" + count + "/common", "changed");
      assertEquals("changed", scratch.read("upper" + count + "/common"));
      List<String> shown = at(target).superOptions();
      assertTrue(shown.stream().anyMatch(o -> o.endsWith("volatile")), shown::toString);
      Mounts.unmount(view, 0);
      Mounts.unmount(target, 0);
    }
  }

  @Test
  void overlay_manyLayersByRelativePaths_works() {
    int count = 300;
    List<String> lowers = layers("s/", count);
    OverlayOptions options =
        OverlayOptions.parse(
            List.of(
                "lowerdir=" + String.join(":", lowers),
                "upperdir=" + scratch.folder("s/u/fs"),
                "workdir=" + scratch.folder("s/u/work")));
    assertEquals(scratch.path("s/"), options.commonFolder());
    Path before = workingFolder();
    Mounts.mountRelative("overlay", scratch.folder("m"), 0, options);
    assertAllLayersSeen("m", count);
    scratch.file("m/new", "n");
    assertEquals("n", scratch.read("s/u/fs/new"));
    // The process's own working folder has not moved.
    assertEquals(before, workingFolder());
  }

  private static Path workingFolder() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/cwd"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void overlay_oddNames_surviveEveryWay() {
    List<String> odd = List.of("a:b", "c,d", "e\\f", "g h", "ü");
    List<String> lowers = new ArrayList<>();
    for (int i = 0; i < odd.size(); i++) {
      scratch.file("odd/" + odd.get(i) + "/only-" + i, "" + i);
      scratch.file("odd/" + odd.get(i) + "/common", "" + i);
      lowers.add(scratch.path("odd/" + odd.get(i)));
    }
    String escaped =
        String.join(
            ":",
            lowers.stream()
                .map(p -> p.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,"))
                .toList());
    OverlayOptions options = OverlayOptions.parse(List.of("lowerdir=" + escaped));
    assertEquals(lowers, options.lowers());
    Mounts.mount("overlay", "o", scratch.folder("m1"), List.of("lowerdir=" + escaped));
    assertAllLayersSeen("m1", odd.size());
    Mounts.mountLayerByLayer("o", scratch.folder("m2"), MountOptions.parse(List.of()), options);
    assertAllLayersSeen("m2", odd.size());
    Mounts.mountRelative("o", scratch.folder("m3"), 0, options);
    assertAllLayersSeen("m3", odd.size());
  }

  @Test
  void overlay_missingLayerAmongMany_isNamedInTheKernelsWords() {
    List<String> lowers = layers("with-a-rather-long-key-for-one-layer-", 130);
    lowers.set(77, scratch.path("missing"));
    LinuxException e =
        Expect.fails(
            Errno.ENOENT,
            () ->
                Mounts.mount(
                    "overlay",
                    "overlay",
                    scratch.folder("m"),
                    List.of("lowerdir=" + String.join(":", lowers))));
    assertTrue(e.getMessage().contains(scratch.path("missing")), e::getMessage);
    assertTrue(MountTable.read().mountAt(scratch.path("m")).isEmpty());
  }

  @Test
  void overlay_layerPathBeyondOneValue_goesByRelativePaths() {
    // 255 bytes is what one parameter may have: here every layer's path is longer.
    String deep = "d".repeat(200) + "/" + "e".repeat(60) + "/";
    List<String> lowers = layers(deep, 30);
    Mounts.mount(
        "overlay", "overlay", scratch.folder("m"), List.of("lowerdir=" + String.join(":", lowers)));
    assertAllLayersSeen("m", 30);
  }

  @Test
  void overlayOptions_dataOnlyLayers_areKeptApart() {
    OverlayOptions options =
        OverlayOptions.parse(List.of("lowerdir=/a:/b::/c::/d", "metacopy=on", "userxattr"));
    assertEquals(List.of("/a", "/b"), options.lowers());
    assertEquals(List.of("/c", "/d"), options.dataOnly());
    assertEquals(List.of("metacopy=on", "userxattr"), options.others());
    assertEquals(
        List.of("metacopy=on", "userxattr", "lowerdir=a:b::c::d"), options.relativeTo("/"));
  }

  @Test
  void detachedMount_neverAttached_vanishes() {
    scratch.folder("source");
    int before = MountTable.read().mounts().size();
    try (DetachedMount mount = DetachedMount.bind(scratch.path("source"), false)) {
      mount.setAttributes(MountAttributes.RDONLY, 0, false);
      assertEquals(FileType.DIRECTORY, mount.descriptor().stat().type());
    }
    assertEquals(before, MountTable.read().mounts().size());
  }

  @Test
  void setAttributes_ofAMountThere_changesIt() {
    String target = scratch.folder("m");
    Mounts.mount("tmpfs", "m", target, List.of("noexec"));
    Mounts.setAttributes(
        target, MountAttributes.RDONLY | MountAttributes.NODEV, MountAttributes.NOEXEC, false);
    List<String> options = at(target).options();
    assertTrue(options.containsAll(Set.of("ro", "nodev")) && !options.contains("noexec"));
  }

  @Test
  void mapIds_ofADetachedMount_showsOtherOwners() throws Exception {
    try (Scratch disk = Scratch.onDisk()) {
      disk.file("source/f", "");
      disk.folder("target");
      Process holder = new ProcessBuilder("unshare", "-U", "sleep", "100").start();
      try {
        String proc = "/proc/" + holder.pid();
        Path own = Path.of("/proc/self/ns/user");
        Path other = Path.of(proc + "/ns/user");
        for (int i = 0;
            i < 500 && Files.readSymbolicLink(own).equals(Files.readSymbolicLink(other));
            i++) {
          Thread.sleep(10);
        }
        Files.writeString(Path.of(proc + "/uid_map"), "0 100000 65536");
        Files.writeString(Path.of(proc + "/gid_map"), "0 200000 65536");
        try (Descriptor namespace = Descriptor.open(proc + "/ns/user", OpenFlags.O_RDONLY, 0);
            DetachedMount mount = DetachedMount.bind(disk.path("source"), false)) {
          mount.mapIds(namespace, false);
          mount.attach(disk.path("target"));
        }
      } finally {
        holder.destroyForcibly().waitFor();
      }
      try (Dir target = Dir.open(disk.path("target"))) {
        assertEquals(100_000, target.stat("f").uid());
        assertEquals(200_000, target.stat("f").gid());
        try (Descriptor file = target.openPath("f")) {
          InodeAttributes.chown(file, 100_005, 200_006);
        }
      }
      try (Dir source = Dir.open(disk.path("source"))) {
        assertEquals(5, source.stat("f").uid());
        assertEquals(6, source.stat("f").gid());
      }
    }
  }
}
