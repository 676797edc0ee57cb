package org.felucca.images;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ExportOptions;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.DockerArchiveEntry;
import org.felucca.oci.ImageIndex;
import org.felucca.oci.ImageManifest;
import org.felucca.oci.MediaTypes;
import org.felucca.oci.OciLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarImageArchivesTest {
  private static final Scope SCOPE = Scope.of(Namespace.DEFAULT);
  private static final byte[] BASE = TestArchive.layer("bin", "base");
  private static final byte[] TOP = TestArchive.layer("etc", "top");

  @TempDir Path temp;
  private final TestingContent content = new TestingContent();
  private final TestingStores stores = new TestingStores();
  private final PlatformResolver resolver = new PlatformResolver(content);
  private final TarImageArchives archives =
      new TarImageArchives(Path.of("/tmp"), content, stores, resolver, stores.leases);

  @AfterEach
  void nothingIsLeft() {
    archives.close();
    assertEquals(Map.of(), content.ingests);
    assertEquals(Map.of(), stores.leases.live);
  }

  private List<Image> load(byte[] archive) {
    return load(archive, null);
  }

  private List<Image> load(byte[] archive, String fallback) {
    return archives.importStream(SCOPE, new ByteArrayInputStream(archive), fallback, Progress.NONE);
  }

  private EngineException refused(byte[] archive) {
    EngineException e = assertThrows(EngineException.class, () -> load(archive));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
    assertEquals(Map.of(), stores.images);
    assertTrue(String.valueOf(e.getMessage()).startsWith("import images: "), e.getMessage());
    return e;
  }

  private EngineException refusedAs(byte[] archive, String words) {
    EngineException e = refused(archive);
    assertTrue(String.valueOf(e.getMessage()).contains(words), e.getMessage());
    return e;
  }

  private byte[] save(Platform platform, String... names) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archives.export(SCOPE, List.of(names), of(platform), out, Progress.NONE);
    return out.toByteArray();
  }

  private static ExportOptions of(Platform... platforms) {
    return new ExportOptions(
        ExportOptions.Format.OCI, Stream.of(platforms).filter(Objects::nonNull).toList(), false);
  }

  private TestArchive simple() {
    TestArchive archive = new TestArchive();
    return archive.add(archive.image("amd64", BASE, TOP), "docker.io/library/x:1");
  }

  @Test
  void importStream_layout() {
    List<Image> images = load(simple().layout());
    assertEquals(List.of("docker.io/library/x:1"), images.stream().map(Image::name).toList());
    ResolvedImage image =
        resolver.resolve(SCOPE, images.get(0).target(), Platform.parse("linux/amd64"));
    assertEquals(List.of(Digest.sha256(BASE), Digest.sha256(TOP)), image.diffIds());
    assertEquals(2, image.layers().size());
    assertEquals("linux/amd64", image.platform().toString());
    assertArrayEquals(BASE, content.blobs.get(Digest.sha256(BASE)));
    assertEquals(1, stores.leases.made);
  }

  @Test
  void importStream_labelsForTheCollector() {
    TestArchive archive = new TestArchive();
    Descriptor amd = archive.image("amd64", BASE, TOP);
    Descriptor arm = archive.image("arm64", BASE);
    Descriptor index =
        archive.index(TestArchive.on(amd, "linux/amd64"), TestArchive.on(arm, "linux/arm64"));
    archive.add(index, "x");
    load(archive.layout());
    assertEquals(
        Map.of(
            "containerd.io/gc.ref.content.m.0", amd.digest().toString(),
            "containerd.io/gc.ref.content.m.1", arm.digest().toString()),
        content.labels.get(index.digest()));
    Map<String, String> manifest = content.labels.get(amd.digest());
    assertEquals(3, manifest.size());
    assertEquals(Digest.sha256(TOP).toString(), manifest.get("containerd.io/gc.ref.content.l.1"));
    assertNotNull(manifest.get("containerd.io/gc.ref.content.config"));
  }

  @Test
  void importStream_controlLabelsOfTheImageAreNotTaken() {
    TestArchive archive = new TestArchive();
    Descriptor image = archive.image("amd64", BASE);
    archive.index.add(
        image.withAnnotations(
            Map.of(
                OciLayout.CONTAINERD_NAME,
                "x",
                "containerd.io/gc.root",
                "1",
                "felucca.name",
                "taken")));
    Image named = load(archive.layout()).get(0);
    assertEquals(Map.of(), named.labels());
    assertEquals(Map.of(), named.target().annotations());
    content
        .labels
        .values()
        .forEach(labels -> assertFalse(labels.containsKey("containerd.io/gc.root")));
  }

  @Test
  void importStream_compressed() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(simple().layout());
    }
    assertEquals(1, load(zipped.toByteArray()).size());
    stores.images.clear();
    assertEquals(1, load(Zstd.compress(simple().layout())).size());
    stores.images.clear();
    refused(Arrays.copyOf(zipped.toByteArray(), zipped.size() - 5));
    byte[] wrongSum = zipped.toByteArray();
    wrongSum[wrongSum.length - 6] ^= 1;
    refused(wrongSum);
    byte[] zstd = Zstd.compress(simple().layout());
    refused(Arrays.copyOf(zstd, zstd.length / 2));
  }

  @Test
  void importStream_dockerOld() {
    List<Image> images =
        load(TestArchive.docker("x:1", TestArchive.config("amd64", BASE, TOP), BASE, TOP));
    assertEquals("docker.io/library/x:1", images.get(0).name());
    assertEquals(
        List.of(Digest.sha256(BASE), Digest.sha256(TOP)),
        resolver
            .resolve(SCOPE, images.get(0).target(), Platform.parse("linux/amd64"))
            .layers()
            .stream()
            .map(Descriptor::digest)
            .toList());
  }

  @Test
  void importStream_dockerNewHasBothLayouts() {
    TestArchive archive = new TestArchive();
    Descriptor image = archive.image("amd64", BASE);
    byte[] config = TestArchive.config("amd64", BASE);
    archive.add(image, null);
    archive.files.put(
        DockerArchiveEntry.MANIFEST,
        DockerArchiveEntry.bytes(
            List.of(
                new DockerArchiveEntry(
                    OciLayout.blobPath(Digest.sha256(config)),
                    List.of("x:1", "y:2"),
                    List.of(OciLayout.blobPath(Digest.sha256(BASE)))))));
    List<Image> images = load(archive.layout());
    assertEquals(
        List.of("docker.io/library/x:1", "docker.io/library/y:2"),
        images.stream().map(Image::name).toList());
    assertEquals(image.digest(), images.get(1).target().digest());
  }

  @Test
  void importStream_severalImagesShareLayers() {
    TestArchive archive = new TestArchive();
    archive.add(archive.image("amd64", BASE), "one");
    archive.add(archive.image("amd64", BASE, TOP), "two:7");
    List<Image> images = load(archive.layout());
    assertEquals(
        List.of("docker.io/library/one:latest", "docker.io/library/two:7"),
        images.stream().map(Image::name).toList());
  }

  @Test
  void importStream_names() {
    TestArchive archive = new TestArchive();
    Descriptor image = archive.image("amd64", BASE);
    byte[] nameless = archive.add(image, null).layout();
    assertEquals(image.digest().toString(), load(nameless).get(0).name());
    assertEquals("docker.io/library/mine:latest", load(nameless, "mine").get(0).name());

    for (String[] row :
        new String[][] {
          {"latest", null, image.digest().toString()},
          {"v1.2", null, image.digest().toString()},
          {"1.36", "busybox", "docker.io/library/busybox:1.36"},
          {"busybox", null, "docker.io/library/busybox:latest"},
          {"busybox:1", null, "docker.io/library/busybox:1"},
          {"quay.io/a/b", "other", "quay.io/a/b:latest"}
        }) {
      TestArchive tagged = new TestArchive();
      tagged.index.add(
          tagged.image("amd64", BASE).withAnnotations(Map.of(OciLayout.REF_NAME, row[0])));
      assertEquals(row[2], load(tagged.layout(), row[1]).get(0).name());
    }
  }

  @Test
  void importStream_takesOverAName() {
    load(simple().layout());
    TestArchive other = new TestArchive();
    Descriptor newer = other.image("amd64", TOP);
    load(other.add(newer, "docker.io/library/x:1").layout());
    assertEquals(newer.digest(), stores.images.get("docker.io/library/x:1").target().digest());
  }

  @Test
  void importStream_partOfAnIndex() {
    TestArchive whole = new TestArchive();
    Descriptor amd = whole.image("amd64", BASE);
    Descriptor arm = whole.image("arm64", TOP);
    Descriptor index =
        whole.index(TestArchive.on(amd, "linux/amd64"), TestArchive.on(arm, "linux/arm64"));
    whole.files.remove(OciLayout.blobPath(arm.digest()));
    Image image = load(whole.add(index, "x").layout()).get(0);
    assertEquals(
        amd.digest(),
        resolver.resolve(SCOPE, image.target(), Platform.parse("linux/amd64")).manifest().digest());
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> resolver.resolve(SCOPE, image.target(), Platform.parse("linux/arm64")));
    assertEquals(ErrorKind.NOT_FOUND, e.kind());

    whole.files.remove(OciLayout.blobPath(amd.digest()));
    content.blobs.clear();
    stores.images.clear();
    refusedAs(whole.layout(), "not whole");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hello, world", "PK\u0003\u0004"})
  void importStream_foreign(String text) {
    refused(text.getBytes(StandardCharsets.UTF_8));
    refused(new byte[512]);
    refused(new byte[100_000]);
    refusedAs(TestArchive.tar(Map.of("README", new byte[9])), "neither an OCI layout");
    refusedAs(TestArchive.tar(Map.of("index.json", new byte[9])), "neither an OCI layout");
    assertEquals(0, content.blobs.size());
  }

  @Test
  void importStream_truncatedAnywhere() {
    byte[] whole = simple().layout();
    // The end mark is two blocks; one of them is enough.
    for (int length = 0; length < whole.length - 1024; length += 97) {
      content.blobs.clear();
      refused(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void importStream_damagedAnywhere() {
    byte[] whole = simple().layout();
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      content.blobs.clear();
      stores.images.clear();
      try {
        load(damaged);
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
        assertEquals(Map.of(), stores.images);
      }
      assertEquals(Map.of(), content.ingests);
    }
  }

  @Test
  void importStream_wrongDigestAndSize() {
    TestArchive archive = simple();
    String layer = OciLayout.blobPath(Digest.sha256(TOP));
    archive.files.put(layer, TestArchive.utf8("other bytes"));
    refusedAs(archive.layout(), "not what its name says");

    TestArchive sized = new TestArchive();
    Descriptor image = sized.image("amd64", BASE);
    sized.add(new Descriptor(image.mediaType(), image.digest(), image.size() + 1), "x");
    refusedAs(sized.layout(), "bytes where");
  }

  @Test
  void importStream_missingParts() {
    for (byte[] missing : List.of(BASE, TOP, TestArchive.config("amd64", BASE, TOP))) {
      TestArchive archive = simple();
      archive.files.remove(OciLayout.blobPath(Digest.sha256(missing)));
      content.blobs.clear();
      refusedAs(archive.layout(), "not whole");
    }
    content.blobs.clear();
    refusedAs(
        TestArchive.tar(
            Map.of(
                "c.json", TestArchive.config("amd64", BASE),
                "manifest.json",
                    TestArchive.utf8("[{\"Config\":\"c.json\",\"Layers\":[\"gone/layer.tar\"]}]"))),
        "lacks the file \"gone/layer.tar\"");
  }

  @Test
  void importStream_layerOfAnotherDiffId() {
    refusedAs(
        TestArchive.docker("x", TestArchive.config("amd64", BASE), TOP),
        "not what the config says");
    refusedAs(
        TestArchive.docker("x", TestArchive.config("amd64", BASE, TOP), BASE), "2 diff ids for 1");
    TestArchive archive = new TestArchive();
    Descriptor config = archive.blob(MediaTypes.OCI_CONFIG, TestArchive.config("amd64", BASE, TOP));
    Descriptor layer = archive.blob(MediaTypes.OCI_LAYER, BASE);
    Descriptor manifest =
        archive.blob(
            MediaTypes.OCI_MANIFEST,
            new ImageManifest(MediaTypes.OCI_MANIFEST, null, config, List.of(layer), null, Map.of())
                .bytes());
    refusedAs(archive.add(manifest, "x").layout(), "2 diff ids for the 1 layers");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../evil.json", "/etc/passwd", "a/../../b.tar", "blobs/sha256/../../../x"})
  void importStream_pathsThatLeadOut(String path) {
    refusedAs(TestArchive.tar(Map.of(path, new byte[1])), "leads out of it");
  }

  @Test
  void importStream_badBlobNames() {
    refused(TestArchive.tar(Map.of("blobs/sha256/short", new byte[1])));
    refused(TestArchive.tar(Map.of("blobs/sha256/" + "A".repeat(64), new byte[1])));
  }

  @Test
  void importStream_linkWithBytes() throws IOException {
    for (byte type : new byte[] {TarConstants.LF_LINK, TarConstants.LF_SYMLINK}) {
      TarArchiveEntry link = new TarArchiveEntry("a", type);
      link.setLinkName("b");
      refusedAs(written(link, new byte[512]), "a link of 512 bytes");
    }
  }

  @Test
  void importStream_extendedHeaders() throws IOException {
    TarArchiveEntry longName =
        new TarArchiveEntry("././@LongLink", TarConstants.LF_GNUTYPE_LONGNAME);
    refusedAs(written(longName, new byte[(1 << 20) + 1]), "a name of");
    TarArchiveEntry pax = new TarArchiveEntry("pax", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
    refusedAs(written(pax, new byte[(1 << 20) + 1]), "a name of");

    // Each is read one call deeper than the one before.
    byte[] name = written(longName, new byte[1]);
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    for (int i = 0; i < 20_000; i++) {
      many.write(name, 0, name.length - 1024);
    }
    many.write(TestArchive.tar(Map.of("README", new byte[9])));
    refusedAs(many.toByteArray(), "in a row");
  }

  @Test
  void importStream_sparseFiles() throws Exception {
    Path folder = Files.createDirectories(temp.resolve("sparse"));
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("layer.tar"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 0; i < 40; i++) {
        file.write(ByteBuffer.wrap(new byte[] {1}), i << 16);
      }
    }
    Path tar = temp.resolve("sparse.tar");
    for (String format : List.of("--format=gnu", "--sparse-version=0.1", "--sparse-version=1.0")) {
      run("tar", "-C", folder.toString(), "--sparse", format, "-cf", tar.toString(), "layer.tar");
      refusedAs(Files.readAllBytes(tar), "a sparse file");
    }
  }

  private static byte[] written(TarArchiveEntry entry, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
      entry.setSize(bytes.length);
      tar.putArchiveEntry(entry);
      tar.write(bytes);
      tar.closeArchiveEntry();
    }
    return out.toByteArray();
  }

  @Test
  void importStream_links() throws Exception {
    // As docker save of old did it for a layer that two images have.
    Path folder = Files.createDirectories(temp.resolve("a/real"));
    Files.write(folder.resolve("layer.tar"), BASE);
    Files.write(temp.resolve("a/c.json"), TestArchive.config("amd64", BASE, BASE, BASE));
    Files.createDirectories(temp.resolve("a/link"));
    Files.createSymbolicLink(temp.resolve("a/link/layer.tar"), Path.of("../real/layer.tar"));
    Files.createDirectories(temp.resolve("a/hard"));
    Files.createLink(temp.resolve("a/hard/layer.tar"), folder.resolve("layer.tar"));
    Files.writeString(
        temp.resolve("a/manifest.json"),
        "[{\"Config\":\"c.json\",\"RepoTags\":[\"x\"],\"Layers\":[\"real/layer.tar\",\"link/layer.tar\",\"./hard/layer.tar\"]}]");
    assertEquals(1, load(tarOf(temp.resolve("a"))).size());

    stores.images.clear();
    Files.delete(temp.resolve("a/link/layer.tar"));
    Files.createSymbolicLink(temp.resolve("a/link/layer.tar"), Path.of("../../../etc/passwd"));
    refusedAs(tarOf(temp.resolve("a")), "leads out of it");
    Files.delete(temp.resolve("a/link/layer.tar"));
    Files.createSymbolicLink(temp.resolve("a/link/layer.tar"), Path.of("layer.tar"));
    refusedAs(tarOf(temp.resolve("a")), "lacks the file");
    Files.delete(temp.resolve("a/link/layer.tar"));
    Files.createSymbolicLink(temp.resolve("a/link/layer.tar"), Path.of("/etc/passwd"));
    refusedAs(tarOf(temp.resolve("a")), "leads out of it");
  }

  private byte[] tarOf(Path folder) throws Exception {
    Path tar = temp.resolve("made.tar");
    run("tar", "-C", folder.toString(), "-cf", tar.toString(), ".");
    return Files.readAllBytes(tar);
  }

  @Test
  void importStream_twoManifests() throws Exception {
    byte[] one = TestArchive.docker("x", TestArchive.config("amd64", BASE), BASE);
    byte[] two = TestArchive.docker("y", TestArchive.config("amd64", BASE), BASE);
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(one, 0, one.length - 1024);
    both.write(two);
    refusedAs(both.toByteArray(), "twice");

    TestArchive same = new TestArchive();
    same.add(same.image("amd64", BASE), "x");
    same.add(same.image("arm64", TOP), "x");
    refusedAs(same.layout(), "two images of the name");

    TestArchive confused = new TestArchive();
    byte[] manifest =
        TestArchive.utf8(
            "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1},\"layers\":[],\"manifests\":[]}"
                .formatted(MediaTypes.OCI_CONFIG, Digest.sha256(BASE)));
    confused.add(confused.blob(MediaTypes.OCI_MANIFEST, manifest), "x");
    refusedAs(confused.layout(), "members of an index");
  }

  @Test
  void importStream_hugeDocuments() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(OciLayout.MARKER, OciLayout.marker());
    files.put(OciLayout.INDEX, new byte[(4 << 20) + 1]);
    refusedAs(TestArchive.tar(files), "at most");
    files.put(OciLayout.INDEX, TestArchive.utf8("[".repeat(100_000)));
    refused(TestArchive.tar(files));
    files.put(OciLayout.INDEX, TestArchive.utf8("{\"schemaVersion\":2,\"manifests\":[]}"));
    refusedAs(TestArchive.tar(files), "names no image");
    files.put(OciLayout.MARKER, TestArchive.utf8("{\"imageLayoutVersion\":\"9.0.0\"}"));
    refusedAs(TestArchive.tar(files), "version");

    TestArchive large = new TestArchive();
    Descriptor manifest = large.blob(MediaTypes.OCI_MANIFEST, new byte[(4 << 20) + 1]);
    EngineException e =
        assertThrows(EngineException.class, () -> load(large.add(manifest, "x").layout()));
    assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind());
    assertEquals(Map.of(), stores.images);
  }

  @Test
  void importStream_tooManyFilesAndTooDeep() {
    Map<String, byte[]> files = new LinkedHashMap<>();
    for (int i = 0; i < 20_001; i++) {
      files.put("f" + i, new byte[0]);
    }
    refusedAs(TestArchive.tar(files), "no image");

    TestArchive deep = new TestArchive();
    Descriptor target = deep.image("amd64", BASE);
    for (int i = 0; i < 6; i++) {
      target = deep.index(target);
    }
    refusedAs(deep.add(target, "x").layout(), "nested");
  }

  @Test
  void importStream_unknownMediaTypes() {
    TestArchive archive = new TestArchive();
    refusedAs(
        archive.add(archive.blob("application/pdf", new byte[3]), "x").layout(),
        "neither a manifest nor an index");
  }

  @Test
  void importStream_badName() {
    TestArchive archive = new TestArchive();
    refusedAs(
        archive.add(archive.image("amd64", BASE), "UPPER/x y").layout(), "names an image badly");
  }

  @Test
  void importStream_diskFull() {
    content.capacity = 3000;
    EngineException e = assertThrows(EngineException.class, () -> load(simple().layout()));
    assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind());
    assertEquals(Map.of(), stores.images);
  }

  @Test
  void importStream_diskNearlyFull() throws Exception {
    Path disk = Files.createDirectories(temp.resolve("disk"));
    run("mount", "-t", "tmpfs", "-o", "size=8m", "none", disk.toString());
    TarImageArchives onDisk = new TarImageArchives(disk, content, stores, resolver, stores.leases);
    try {
      Files.write(disk.resolve("other"), new byte[(8 << 20) - (64 << 10)]);
      EngineException e =
          assertThrows(
              EngineException.class,
              () ->
                  onDisk.importStream(
                      SCOPE, new ByteArrayInputStream(simple().layout()), null, Progress.NONE));
      assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind());
      assertTrue(String.valueOf(e.getMessage()).contains(disk.toString()));
      Files.delete(disk.resolve("other"));
      assertEquals(
          1,
          onDisk
              .importStream(SCOPE, new ByteArrayInputStream(simple().layout()), null, Progress.NONE)
              .size());
    } finally {
      onDisk.close();
      run("umount", disk.toString());
    }
  }

  @Test
  void importStream_sourceBreaks() {
    byte[] whole = simple().layout();
    InputStream broken =
        new InputStream() {
          private int at;

          @Override
          public int read() throws IOException {
            if (at == 2000) {
              throw new IOException("connection reset");
            }
            return whole[at++];
          }
        };
    EngineException e =
        assertThrows(
            EngineException.class, () -> archives.importStream(SCOPE, broken, null, Progress.NONE));
    assertEquals(ErrorKind.UNAVAILABLE, e.kind());
  }

  @Test
  void importStream_cancelled() throws Exception {
    PipedOutputStream sender = new PipedOutputStream();
    PipedInputStream receiver = new PipedInputStream(sender);
    AtomicReference<EngineException> failure = new AtomicReference<>();
    Thread caller =
        Thread.ofVirtual()
            .start(
                () ->
                    failure.set(
                        assertThrows(
                            EngineException.class,
                            () -> archives.importStream(SCOPE, receiver, null, Progress.NONE))));
    sender.write(Arrays.copyOf(simple().layout(), 700));
    sender.flush();
    while (stores.leases.made == 0) {
      Thread.sleep(5);
    }
    caller.interrupt();
    caller.join(20_000);
    assertFalse(caller.isAlive());
    assertEquals(ErrorKind.CANCELLED, failure.get().kind());
    assertEquals(Map.of(), stores.images);
  }

  @Test
  void importPath_folderByUmociAndSkopeo() throws Exception {
    Path layout = temp.resolve("layout");
    run("umoci", "init", "--layout", layout.toString());
    run("umoci", "new", "--image", layout + ":one");
    Path file = Files.writeString(temp.resolve("hello"), "hello\n");
    run("umoci", "insert", "--image", layout + ":one", file.toString(), "/hello");
    run(
        "umoci",
        "config",
        "--image",
        layout + ":one",
        "--config.cmd",
        "/hello",
        "--architecture",
        "amd64");
    List<Image> images = archives.importPath(SCOPE, layout, "made", Progress.NONE);
    assertEquals("docker.io/library/made:one", images.get(0).name());
    ResolvedImage resolved =
        resolver.resolve(SCOPE, images.get(0).target(), Platform.parse("linux/amd64"));
    assertEquals(1, resolved.layers().size());

    for (String kind : List.of("oci-archive", "docker-archive")) {
      Path tar = temp.resolve(kind + ".tar");
      run(
          "skopeo",
          "copy",
          "oci:" + layout + ":one",
          kind + ":" + tar + ":example.org/" + kind + ":2");
      stores.images.clear();
      assertEquals(
          "example.org/" + kind + ":2",
          archives.importPath(SCOPE, tar, null, Progress.NONE).get(0).name());
      ResolvedImage again =
          resolver.resolve(
              SCOPE,
              stores.images.get("example.org/" + kind + ":2").target(),
              Platform.parse("linux/amd64"));
      assertEquals(resolved.diffIds(), again.diffIds());
    }
  }

  @Test
  void importPath_nothingThere() {
    for (Path path : List.of(temp.resolve("gone"), Path.of("/dev/null"))) {
      EngineException e =
          assertThrows(
              EngineException.class, () -> archives.importPath(SCOPE, path, null, Progress.NONE));
      assertEquals(ErrorKind.NOT_FOUND, e.kind());
      assertTrue(String.valueOf(e.getMessage()).contains(path.toString()));
    }
    EngineException e =
        assertThrows(
            EngineException.class, () -> archives.importPath(SCOPE, temp, null, Progress.NONE));
    assertTrue(String.valueOf(e.getMessage()).contains("oci-layout"));
  }

  @Test
  void importPath_folderWithWrongAndMissingBlobs() throws Exception {
    TestArchive archive = simple();
    for (Map.Entry<String, byte[]> file : archive.files.entrySet()) {
      Path path = temp.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    Files.write(temp.resolve(OciLayout.MARKER), OciLayout.marker());
    Files.write(temp.resolve(OciLayout.INDEX), ImageIndex.of(archive.index).bytes());
    Path top = temp.resolve(OciLayout.blobPath(Digest.sha256(TOP)));
    Files.write(top, new byte[TOP.length]);
    EngineException e =
        assertThrows(
            EngineException.class, () -> archives.importPath(SCOPE, temp, null, Progress.NONE));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    Files.delete(top);
    assertThrows(
        EngineException.class, () -> archives.importPath(SCOPE, temp, null, Progress.NONE));
    assertEquals(Map.of(), stores.images);
    Files.write(top, TOP);
    assertEquals(1, archives.importPath(SCOPE, temp, null, Progress.NONE).size());
  }

  @Test
  void export_comesBackTheSame() throws Exception {
    TestArchive archive = new TestArchive();
    Descriptor amd = archive.image("amd64", BASE, TOP);
    Descriptor arm = archive.image("arm64", TOP);
    Descriptor index =
        archive.index(TestArchive.on(amd, "linux/amd64"), TestArchive.on(arm, "linux/arm64"));
    archive.add(index, "docker.io/library/x:1").add(index, "example.org/y:2").add(amd, "z");
    load(archive.layout());
    byte[] saved =
        save(null, "docker.io/library/x:1", "example.org/y:2", "docker.io/library/z:latest");
    assertArrayEquals(
        saved,
        save(null, "docker.io/library/x:1", "example.org/y:2", "docker.io/library/z:latest"));

    Map<String, Image> before = Map.copyOf(stores.images);
    content.blobs.clear();
    stores.images.clear();
    load(saved);
    assertEquals(before.keySet(), stores.images.keySet());
    before.forEach((name, image) -> assertEquals(image.target(), stores.images.get(name).target()));

    // Other tools read it, both as a layout and as docker load would.
    Path tar = Files.write(temp.resolve("saved.tar"), saved);
    run(
        "skopeo",
        "copy",
        "--override-arch",
        "arm64",
        "oci-archive:" + tar + ":2",
        "oci:" + temp.resolve("out") + ":y");
    run("skopeo", "copy", "docker-archive:" + tar + ":x:1", "dir:" + temp.resolve("dir"));
    run("umoci", "ls", "--layout", temp.resolve("out").toString());
    run("tar", "-tf", tar.toString());
  }

  @Test
  void export_onePlatform() {
    TestArchive archive = new TestArchive();
    Descriptor amd = archive.image("amd64", BASE);
    Descriptor arm = archive.image("arm64", TOP);
    archive.add(
        archive.index(TestArchive.on(amd, "linux/amd64"), TestArchive.on(arm, "linux/arm64")),
        "x:1");
    load(archive.layout());
    byte[] saved = save(Platform.parse("linux/arm64"), "docker.io/library/x:1");
    content.blobs.clear();
    stores.images.clear();
    assertEquals(arm.digest(), load(saved).get(0).target().digest());
    assertFalse(content.blobs.containsKey(Digest.sha256(BASE)));
  }

  @Test
  void export_longDigests() throws Exception {
    TestArchive archive = new TestArchive();
    byte[] config = TestArchive.config("amd64", BASE);
    Digest.Algorithm sha512 = Digest.Algorithm.SHA512;
    Digest digest = Digest.of(sha512, sha512.newMessageDigest().digest(BASE));
    archive.files.put(OciLayout.blobPath(digest), BASE);
    Descriptor manifest =
        archive.blob(
            MediaTypes.OCI_MANIFEST,
            new ImageManifest(
                    MediaTypes.OCI_MANIFEST,
                    null,
                    archive.blob(MediaTypes.OCI_CONFIG, config),
                    List.of(new Descriptor(MediaTypes.OCI_LAYER, digest, BASE.length)),
                    null,
                    Map.of())
                .bytes());
    load(archive.add(manifest, "x:1").layout());
    byte[] saved = save(null, "docker.io/library/x:1");
    content.blobs.clear();
    assertEquals(1, load(saved).size());
    assertTrue(content.blobs.containsKey(digest));
    Path tar = Files.write(temp.resolve("long.tar"), saved);
    run("tar", "-C", temp.toString(), "-xf", tar.toString());
    assertArrayEquals(BASE, Files.readAllBytes(temp.resolve(OciLayout.blobPath(digest))));
  }

  @Test
  void export_dockerFormat_hasTheBlobsAsTheyCame() throws Exception {
    load(simple().layout());
    String name = "docker.io/library/x:1";
    ExportOptions docker = new ExportOptions(ExportOptions.Format.DOCKER, List.of(), false);
    Path tar = temp.resolve("docker.tar");
    archives.exportPath(SCOPE, List.of(name), docker, tar, false, Progress.NONE);
    run("tar", "-C", temp.toString(), "-xf", tar.toString());
    assertFalse(Files.exists(temp.resolve(OciLayout.INDEX)));
    assertArrayEquals(BASE, Files.readAllBytes(temp.resolve(Digest.sha256(BASE).hex() + ".tar")));
    run("skopeo", "copy", "docker-archive:" + tar + ":x:1", "dir:" + temp.resolve("dir"));
    Platform amd = Platform.parse("linux/amd64");
    ResolvedImage before = resolver.resolve(SCOPE, stores.images.get(name).target(), amd);
    content.blobs.clear();
    stores.images.clear();
    archives.importPath(SCOPE, tar, null, Progress.NONE);
    ResolvedImage after = resolver.resolve(SCOPE, stores.images.get(name).target(), amd);
    assertEquals(before.config().digest(), after.config().digest());
    assertEquals(
        before.layers().stream().map(Descriptor::digest).toList(),
        after.layers().stream().map(Descriptor::digest).toList());
  }

  @Test
  void exportPath_folder_isALayoutOrNothing() throws Exception {
    load(simple().layout());
    List<String> name = List.of("docker.io/library/x:1");
    Path folder = temp.resolve("layout");
    archives.exportPath(SCOPE, name, ExportOptions.DEFAULT, folder, true, Progress.NONE);
    run("skopeo", "inspect", "--raw", "oci:" + folder + ":1");
    EngineException full =
        assertThrows(
            EngineException.class,
            () ->
                archives.exportPath(
                    SCOPE, name, ExportOptions.DEFAULT, folder, true, Progress.NONE));
    assertEquals(ErrorKind.FAILED_PRECONDITION, full.kind());
    content.blobs.put(Digest.sha256(TOP), BASE);
    Path broken = temp.resolve("broken");
    EngineException damaged =
        assertThrows(
            EngineException.class,
            () ->
                archives.exportPath(
                    SCOPE, name, ExportOptions.DEFAULT, broken, true, Progress.NONE));
    assertEquals(ErrorKind.DATA_LOSS, damaged.kind());
    assertFalse(Files.exists(broken));
  }

  @Test
  void exportPath_file_isReplacedWholeOrStays() throws Exception {
    load(simple().layout());
    Path tar = Files.writeString(temp.resolve("x.tar"), "before");
    List<String> names = List.of("docker.io/library/x:1");
    byte[] top = content.blobs.put(Digest.sha256(TOP), BASE);
    assertThrows(
        EngineException.class,
        () -> archives.exportPath(SCOPE, names, ExportOptions.DEFAULT, tar, false, Progress.NONE));
    assertEquals("before", Files.readString(tar));
    content.blobs.put(Digest.sha256(TOP), top);
    archives.exportPath(SCOPE, names, ExportOptions.DEFAULT, tar, false, Progress.NONE);
    assertArrayEquals(save(null, "docker.io/library/x:1"), Files.readAllBytes(tar));
    try (Stream<Path> files = Files.list(temp)) {
      assertEquals(List.of(tar), files.toList());
    }
    EngineException gone =
        assertThrows(
            EngineException.class,
            () ->
                archives.exportPath(
                    SCOPE,
                    names,
                    ExportOptions.DEFAULT,
                    temp.resolve("none/x.tar"),
                    false,
                    Progress.NONE));
    assertEquals(ErrorKind.NOT_FOUND, gone.kind());
  }

  @Test
  void export_severalPlatforms_leaveInTheirIndex() {
    TestArchive archive = new TestArchive();
    Descriptor amd = archive.image("amd64", BASE);
    Descriptor arm = archive.image("arm64", TOP);
    Descriptor s390 = archive.image("s390x", BASE, TOP);
    Descriptor index =
        archive.index(
            TestArchive.on(amd, "linux/amd64"),
            TestArchive.on(arm, "linux/arm64"),
            TestArchive.on(s390, "linux/s390x"));
    load(archive.add(index, "x:1").layout());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    archives.export(
        SCOPE,
        List.of("docker.io/library/x:1"),
        of(Platform.parse("linux/amd64"), Platform.parse("linux/arm64")),
        out,
        Progress.NONE);
    content.blobs.clear();
    stores.images.clear();
    assertEquals(index.digest(), load(out.toByteArray()).get(0).target().digest());
    assertTrue(content.blobs.containsKey(arm.digest()));
    assertFalse(content.blobs.containsKey(s390.digest()));
    EngineException whole =
        assertThrows(
            EngineException.class,
            () ->
                archives.export(
                    SCOPE,
                    List.of("docker.io/library/x:1"),
                    new ExportOptions(ExportOptions.Format.OCI, List.of(), true),
                    out,
                    Progress.NONE));
    assertEquals(ErrorKind.NOT_FOUND, whole.kind());
    assertTrue(whole.getMessage().contains(s390.digest().toString()), whole.getMessage());
  }

  @Test
  void tar_isNobodys() {
    String name = System.getProperty("user.name");
    Map<String, byte[]> files = Map.of("long".repeat(50), new byte[3]);
    byte[] ours = TestArchive.tar(files);
    try {
      System.setProperty("user.name", "another");
      assertArrayEquals(ours, TestArchive.tar(files));
    } finally {
      System.setProperty("user.name", name);
    }
  }

  @Test
  void tar_sizesBeyondOctal() throws IOException {
    long size = 9L << 30;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new TarOutput(out).file("large", size);
    TarEntries tar = new TarEntries(new ByteArrayInputStream(out.toByteArray()));
    assertEquals(size, tar.next().size());
  }

  @Test
  void export_missing() {
    EngineException unknown = assertThrows(EngineException.class, () -> save(null, "none"));
    assertEquals(ErrorKind.NOT_FOUND, unknown.kind());
    load(simple().layout());
    content.blobs.remove(Digest.sha256(TOP));
    EngineException partial =
        assertThrows(EngineException.class, () -> save(null, "docker.io/library/x:1"));
    assertEquals(ErrorKind.NOT_FOUND, partial.kind());
  }

  static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), String.join(" ", command) + ": " + output);
  }
}
