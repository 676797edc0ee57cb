package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.Mounts;
import org.junit.jupiter.api.Test;

class ApplyTest extends LayerTestBase {
  private Map<String, String> tree() {
    return TreeDump.of(root().toString());
  }

  private Set<String> merged(String under) {
    Set<String> names = new java.util.TreeSet<>();
    dump(merged(), true).keySet().stream().filter(n -> n.startsWith(under)).forEach(names::add);
    return names;
  }

  @Test
  void apply_allKinds_areAsTheArchiveSays() {
    Layer layer =
        new Layer()
            .folder("dir", 01777, 5, 6)
            .file("dir/setuid", "text", 04755, 7, 8, Map.of("SCHILY.xattr.user.x", "value"))
            .symlink("dir/link", "../dir/setuid")
            .hardLink("dir/second", "dir/setuid")
            .device("null", false, 1, 3)
            .device("disk", true, 259, 300000)
            .fifo("fifo")
            .file("implied/parents/file", "x", 0600, 4_000_000_000L, 1, Map.of("mtime", "1234.5"));
    byte[] bytes = layer.bytes();
    AppliedLayer applied = apply(bytes, bind());
    assertEquals(Digest.sha256(bytes), applied.diffId());
    assertEquals(bytes.length, applied.size());
    assertEquals(8, applied.entries());
    Map<String, String> tree = tree();
    String time = "1500000000.0";
    assertEquals("DIRECTORY 1777 5:6 " + time, tree.get("dir"));
    String file = "REGULAR 4755 7:8 " + time + " user.x=76616c7565 4 982d9e3eb996 = dir/second";
    assertEquals(file, tree.get("dir/setuid"));
    assertEquals(file, tree.get("dir/second"));
    assertEquals("SYMLINK 777 0:0 " + time + " -> ../dir/setuid", tree.get("dir/link"));
    assertEquals("CHARACTER_DEVICE 640 0:6 " + time + " 1:3", tree.get("null"));
    assertEquals("BLOCK_DEVICE 640 0:6 " + time + " 259:300000", tree.get("disk"));
    assertEquals("FIFO 600 1:2 " + time, tree.get("fifo"));
    assertTrue(tree.get("implied").startsWith("DIRECTORY 755 0:0 "), tree.get("implied"));
    assertTrue(
        tree.get("implied/parents/file").startsWith("REGULAR 600 4000000000:1 1234.500000000 1"));
  }

  @Test
  void apply_gzipAndZstd_areDetectedWhateverTheMediaTypeSays() {
    byte[] plain = new Layer().file("file", "text".repeat(1000)).bytes();
    for (byte[] layer : List.of(Layer.gzip(plain), Zstd.compress(plain), plain)) {
      for (String type :
          List.of(Layer.TAR, Layer.GZIP, "application/vnd.docker.image.rootfs.diff.tar.gzip")) {
        AppliedLayer applied =
            service.apply(new ByteArrayInputStream(layer), type, bind(), "layer", Progress.NONE);
        assertEquals(Digest.sha256(plain), applied.diffId());
      }
    }
    EngineException e =
        assertThrows(
            EngineException.class,
            () ->
                service.apply(
                    new ByteArrayInputStream(plain), "text/plain", bind(), "l", Progress.NONE));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
  }

  @Test
  void apply_bytesBehindTheEndMarker_countForTheDiffId() {
    byte[] layer = Arrays.copyOf(new Layer().file("f", "x").bytes(), 40_000);
    layer[39_999] = 'z';
    AppliedLayer applied = apply(Layer.gzip(layer), bind());
    assertEquals(Digest.sha256(layer), applied.diffId());
    assertEquals(40_000, applied.size());
  }

  @Test
  void apply_emptyLayers_areFine() {
    assertEquals(0, apply(new byte[1024], bind()).entries());
    assertEquals(Digest.sha256(new byte[0]), apply(new byte[0], bind()).diffId());
  }

  @Test
  void apply_whiteouts_hideWhatIsBelow() throws Exception {
    stack(
        new Layer()
            .folder("a")
            .file("a/one", "1")
            .file("a/two", "1")
            .file("gone/deep/x", "1")
            .file("f", "1")
            .symlink("l", "a"));
    stack(
        new Layer()
            .whiteout("a/one")
            .whiteout("gone")
            .whiteout("l")
            .whiteout("never/was")
            .file("a/three", "2"));
    assertEquals(Set.of("a", "a/three", "a/two", "f"), merged(""));
  }

  @Test
  void apply_opaque_hidesBelowAndKeepsItsOwn_inAnyOrder() throws Exception {
    stack(
        new Layer()
            .file("a/one", "1")
            .file("a/sub/x", "1")
            .file("b/one", "1")
            .file("b/sub/x", "1"));
    stack(
        new Layer()
            .opaque("a")
            .file("a/new", "2")
            .file("a/sub/new", "2")
            .file("b/new", "2")
            .file("b/sub/new", "2")
            .opaque("b"));
    assertEquals(
        Set.of("a", "a/new", "a/sub", "a/sub/new", "b", "b/new", "b/sub", "b/sub/new"), merged(""));
  }

  @Test
  void apply_whiteoutOfWhatTheSameLayerMakes_hidesOnlyWhatIsBelow() throws Exception {
    stack(
        new Layer()
            .file("dir/old", "1")
            .file("file", "1")
            .file("usr/lib/old", "1")
            .symlink("lib", "usr/lib"));
    stack(
        new Layer()
            .file("dir/new", "2")
            .whiteout("dir")
            .file("file", "2")
            .whiteout("file")
            .file("lib/new", "2")
            .opaque("usr/lib"));
    assertEquals(
        Set.of("dir", "dir/new", "file", "lib", "usr", "usr/lib", "usr/lib/new"), merged(""));
  }

  @Test
  void apply_oddWhiteouts_areRefused() {
    assertRefused(new Layer().file(".wh.", ""));
    assertRefused(new Layer().file("a/.wh..", ""));
    assertRefused(new Layer().file("a/.wh...", ""));
    assertRefused(new Layer().file(".wh.a/b", ""));
    assertRefused(new Layer().file("../.wh.a", ""));
    apply(new Layer().file(".wh..wh.aufs", "").file(".wh..wh.plnk/1.2", ""), bind());
    assertEquals(Map.of(), tree());
  }

  @Test
  void apply_typesThatChange_areReplaced() throws Exception {
    stack(
        new Layer()
            .file("dir/x", "1")
            .file("file", "1")
            .symlink("link", "dir")
            .file("keep/x", "1"));
    stack(
        new Layer()
            .file("dir", "now a file")
            .folder("file")
            .file("file/inside", "2")
            .folder("link")
            .file("link/inside", "2")
            .folder("keep", 0700, 3, 3));
    assertEquals(
        Set.of("dir", "file", "file/inside", "keep", "keep/x", "link", "link/inside"), merged(""));
    assertTrue(dump(merged(), true).get("keep").startsWith("DIRECTORY 700 3:3"));
  }

  @Test
  void apply_replacedFile_leavesItsOtherNamesAlone() {
    apply(
        new Layer().file("a", "old").hardLink("b", "a").file("a", "new").hardLink("b", "b"),
        bind());
    Map<String, String> tree = tree();
    assertTrue(tree.get("a").contains(Digest.sha256("new".getBytes()).shortHex()));
    assertTrue(tree.get("b").contains(Digest.sha256("old".getBytes()).shortHex()));
  }

  @Test
  void apply_hardLinkToALowerLayer_isOneFile() throws Exception {
    stack(new Layer().file("lower", "text").symlink("link", "lower"));
    stack(
        new Layer().hardLink("second", "lower").hardLink("third", "second").hardLink("l2", "link"));
    Map<String, String> tree = dump(merged(), true);
    assertTrue(tree.get("second").endsWith("= lower"), tree.toString());
    assertTrue(tree.get("third").endsWith("= lower"), tree.toString());
    assertTrue(tree.get("l2").startsWith("SYMLINK"), tree.toString());
  }

  @Test
  void apply_linkedAndDanglingParents_areFollowedBelowTheRoot() throws Exception {
    stack(
        new Layer()
            .folder("usr/lib", 0711, 9, 9)
            .symlink("lib", "/usr/lib")
            .symlink("run", "/var/run"));
    stack(new Layer().file("lib/x", "2").file("run/lock/y", "2"));
    assertTrue(merged("").containsAll(Set.of("usr/lib/x", "var/run/lock/y")));
    assertTrue(dump(merged(), true).get("usr/lib").startsWith("DIRECTORY 711 9:9"));
  }

  @Test
  void apply_timesOfFolders_standAtTheEnd() {
    apply(new Layer().folder("a").folder("a/b").file("a/b/c", "x").file("a/d", "x"), bind());
    assertTrue(tree().get("a").endsWith("1500000000.0"), tree().get("a"));
    assertTrue(tree().get("a/b").endsWith("1500000000.0"));
  }

  @Test
  void apply_attributesOfTheRoot_areSet() {
    apply(new Layer().folder(".", 0700, 3, 4), bind());
    try (org.felucca.linux.Dir dir = org.felucca.linux.Dir.open(root().toString())) {
      assertEquals(0700, dir.stat().permissions());
      assertEquals(3, dir.stat().uid());
    }
  }

  @Test
  void apply_capability_isKept() {
    byte[] value = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    byte[] layer =
        new Layer()
            .file(
                "ping",
                "x",
                0755,
                0,
                0,
                Map.of(
                    "SCHILY.xattr.security.capability",
                    new String(value, java.nio.charset.StandardCharsets.UTF_8)))
            .bytes();
    apply(layer, bind());
    assertTrue(tree().get("ping").contains("security.capability=0100000200040000"));
  }

  @Test
  void apply_reservedXattrs_areLeftOut() throws Exception {
    Layer layer =
        new Layer()
            .file(
                "f",
                "x",
                0644,
                0,
                0,
                Map.of(
                    "SCHILY.xattr.trusted.overlay.redirect", "/etc",
                    "SCHILY.xattr.trusted.x", "1",
                    "SCHILY.xattr.user.overlay.opaque", "y",
                    "SCHILY.xattr.security.selinux", "s",
                    "SCHILY.xattr.user.fine", "1"));
    apply(layer, bind());
    try (var dir = org.felucca.linux.Dir.open(root().toString());
        var file = dir.openPath("f")) {
      assertEquals(List.of("user.fine"), org.felucca.linux.Xattrs.list(file));
    }
  }

  @Test
  void apply_sparseFile_hasHolesAndItsLength() throws Exception {
    Path source = Files.createDirectory(folder.resolve("source"));
    Path file = source.resolve("sparse");
    try (var random = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      random.setLength(50_000_000);
      random.seek(20_000_000);
      random.write("in the middle".getBytes());
    }
    for (String format : List.of("gnu", "posix")) {
      Process tar =
          new ProcessBuilder(
                  "tar", "--format=" + format, "-S", "-C", source.toString(), "-cf", "-", "sparse")
              .start();
      AppliedLayer applied =
          service.apply(tar.getInputStream(), Layer.TAR, bind(), "layer", Progress.NONE);
      assertTrue(applied.size() < 1_000_000);
      assertEquals(-1, Files.mismatch(file, root().resolve("sparse")));
      try (var dir = org.felucca.linux.Dir.open(root().toString())) {
        assertTrue(dir.stat("sparse").allocated() < 1_000_000);
      }
    }
  }

  @Test
  void apply_manyEntries_areAllThere() {
    Layer layer = new Layer();
    for (int i = 0; i < 100_000; i++) {
      layer.file("d" + i % 97 + "/f" + i, "");
    }
    assertEquals(100_000, apply(Layer.gzip(layer.bytes()), bind()).entries());
    assertEquals(100_097, tree().size());
  }

  @Test
  void apply_beyondTheLimits_isRefused() {
    service.close();
    service = new TarLayerService(new LayerLimits(3, 100_000, 2000, 0));
    EngineException entries =
        assertThrows(
            EngineException.class,
            () ->
                apply(new Layer().file("a", "").file("b", "").file("c", "").file("d", ""), bind()));
    assertEquals(ErrorKind.RESOURCE_EXHAUSTED, entries.kind());
    EngineException bomb =
        assertThrows(EngineException.class, () -> apply(Layer.gzip(new byte[200_000_000]), bind()));
    assertEquals(ErrorKind.RESOURCE_EXHAUSTED, bomb.kind());
    assertTrue(bomb.getMessage().contains("max.gibibytes"), bomb.getMessage());
  }

  @Test
  void apply_bombOfHighRatio_isRefusedSoon() {
    byte[] bomb = Zstd.compress(new byte[16 << 20]);
    byte[] many = new byte[bomb.length * 200];
    for (int i = 0; i < 200; i++) {
      System.arraycopy(bomb, 0, many, i * bomb.length, bomb.length);
    }
    EngineException e = assertThrows(EngineException.class, () -> apply(many, bind()));
    assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind());
    assertTrue(e.getMessage().contains("max.ratio"), e.getMessage());
  }

  @Test
  void apply_fullDisk_namesTheFile() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    Mounts.mount("tmpfs", "tmpfs", small.toString(), List.of("size=1m"));
    try {
      List<Mount> mounts = List.of(new Mount("bind", small.toString(), "", List.of("rw", "rbind")));
      EngineException early =
          assertThrows(EngineException.class, () -> apply(new Layer().file("f", "x"), mounts));
      assertEquals(ErrorKind.RESOURCE_EXHAUSTED, early.kind());
      service.close();
      service = new TarLayerService(new LayerLimits(100, 1L << 30, 2000, 0));
      EngineException e =
          assertThrows(
              EngineException.class,
              () -> apply(new Layer().file("too/large", "x".repeat(3_000_000)), mounts));
      assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind());
      assertTrue(e.getMessage().contains("too/large"), e.getMessage());
      assertTrue(e.getMessage().contains("disk is full"), e.getMessage());
    } finally {
      Mounts.unmount(small.toString(), Mounts.MNT_DETACH);
    }
  }

  @Test
  void apply_cutOffAnywhere_isRefused() {
    byte[] gzip = Layer.gzip(new Layer().folder("a").file("a/f", "text".repeat(5000)).bytes());
    for (int length = 1; length < gzip.length; length += 7) {
      byte[] part = Arrays.copyOf(gzip, length);
      EngineException e = assertThrows(EngineException.class, () -> apply(part, bind()));
      assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
    }
    byte[] tar = new Layer().file("f", "text".repeat(5000)).bytes();
    assertThrows(EngineException.class, () -> apply(Arrays.copyOf(tar, 10_000), bind()));
  }

  @Test
  void apply_interrupted_isCancelledWithinASecond() throws Exception {
    for (Thread.Builder builder : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
      PipedOutputStream sender = new PipedOutputStream();
      InputStream never = new PipedInputStream(sender);
      sender.write(new Layer().file("f", "x").bytes(), 0, 600);
      CompletableFuture<Object> result = new CompletableFuture<>();
      Thread thread =
          builder.start(
              () -> {
                try {
                  result.complete(service.apply(never, Layer.TAR, bind(), "layer", Progress.NONE));
                } catch (EngineException e) {
                  result.completeExceptionally(e);
                }
              });
      Thread.sleep(200);
      assertFalse(result.isDone());
      thread.interrupt();
      ExecutionException e =
          assertThrows(ExecutionException.class, () -> result.get(1, TimeUnit.SECONDS));
      assertEquals(ErrorKind.CANCELLED, ((EngineException) e.getCause()).kind());
    }
    assertEquals(1, apply(new Layer().file("after", "x"), bind()).entries());
  }

  @Test
  void apply_streamThatFails_saysWhatItSaid() {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() {
            throw new EngineException(ErrorKind.DATA_LOSS, "the blob is damaged");
          }
        };
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> service.apply(broken, Layer.TAR, bind(), "layer", Progress.NONE));
    assertEquals(ErrorKind.DATA_LOSS, e.kind());
    assertTrue(e.getMessage().contains("damaged"), e.getMessage());
  }

  @Test
  void apply_readOnlyMount_isRefused() {
    List<Mount> mounts = List.of(new Mount("bind", root().toString(), "", List.of("ro", "rbind")));
    EngineException e =
        assertThrows(EngineException.class, () -> apply(new Layer().file("f", "x"), mounts));
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
  }
}
