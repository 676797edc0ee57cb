package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What ctr does with images, content, snapshots, leases and namespaces, over Felucca. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CtrStoresIT {
  private static final String IMAGE = "docker.io/library/busybox:latest";

  private FeluccaContainerd felucca;

  @BeforeAll
  void start() {
    felucca = FeluccaContainerd.start(null);
    awaitServices();
    Path archive = felucca.base().resolve("busybox.tar");
    Path layout = felucca.engine().home().resolve("images/busybox");
    Commands.run(
            felucca.base(), List.of("tar", "-C", layout.toString(), "-cf", archive.toString(), "."))
        .ok();
    felucca
        .ctr("images", "import", "--base-name", "docker.io/library/busybox", archive.toString())
        .ok();
  }

  @AfterAll
  void stop() {
    felucca.close();
  }

  /** The engine is ready when containers can be run; the last service may come a little later. */
  private void awaitServices() {
    List<String> services =
        List.of(
            "containers",
            "content",
            "diff",
            "images",
            "leases",
            "namespaces",
            "snapshots",
            "version");
    Commands.await(
        "all services are there",
        () -> {
          Result plugins = felucca.ctr("plugins", "ls");
          return plugins.status() == 0
              && services.stream()
                  .allMatch(s -> plugins.out().matches("(?s).*grpc\\.v1 +" + s + " .*"));
        });
  }

  private List<String> lines(String... arguments) {
    return felucca.ctr(arguments).ok().out().lines().toList();
  }

  private String committed() {
    return lines("snapshots", "ls").stream()
        .filter(line -> line.endsWith("Committed") || line.contains(" Committed "))
        .map(line -> line.split(" ", 2)[0])
        .filter(name -> name.startsWith("sha256:"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void images_importedOne_isWholeUnpackedAndTheSameInFelucca() {
    Result check = felucca.ctr("images", "check").ok();
    assertTrue(
        check.out().lines().anyMatch(l -> l.startsWith(IMAGE) && l.contains("complete (2/2)")),
        check::toString);
    assertTrue(check.out().contains("true"), check::toString);
    assertTrue(felucca.engine().felucca("image", "ls").ok().out().contains("busybox"));
    felucca.engine().felucca("run", "--rm", IMAGE, "echo", "hello").prints("hello\n");
  }

  @Test
  void images_export_isReadByOthersAndImportsAgain() {
    Path archive = felucca.base().resolve("out.tar");
    felucca.ctr("images", "export", archive.toString(), IMAGE).ok();
    Result inspect =
        Commands.run(
            felucca.base(), List.of("skopeo", "inspect", "--raw", "oci-archive:" + archive));
    assertTrue(inspect.ok().out().contains("application/vnd.oci.image"), inspect::toString);
    felucca.ctr("images", "import", archive.toString()).ok();
  }

  @Test
  void images_tagAndRemove_leaveTheImageAlone() {
    felucca.ctr("images", "tag", IMAGE, "docker.io/library/other:1").ok();
    assertTrue(lines("images", "ls", "-q").contains("docker.io/library/other:1"));
    felucca.ctr("images", "tag", IMAGE, "docker.io/library/other:1").fails(1, "already exists");
    felucca.ctr("images", "label", "docker.io/library/other:1", "k=v").ok();
    assertEquals(List.of("docker.io/library/other:1"), lines("images", "ls", "-q", "labels.k==v"));
    felucca.ctr("images", "rm", "--sync", "docker.io/library/other:1").ok();
    assertFalse(lines("images", "ls", "-q").contains("docker.io/library/other:1"));
    assertTrue(lines("images", "ls", "-q").contains(IMAGE));
  }

  @Test
  void images_mount_showsTheFiles() throws IOException {
    Path place = Files.createDirectory(felucca.base().resolve("mounted"));
    felucca.ctr("images", "mount", IMAGE, place.toString()).ok();
    try {
      assertTrue(Files.exists(place.resolve("bin/busybox")));
    } finally {
      felucca.ctr("images", "unmount", "--rm", place.toString()).ok();
    }
    assertFalse(Files.exists(place.resolve("bin/busybox")));
  }

  @Test
  void content_getAndLabel_areOfTheBlobsOfTheImage() {
    List<String> blobs = lines("content", "ls", "-q");
    assertTrue(blobs.size() >= 3, blobs::toString);
    String manifest = lines("images", "ls", "name==" + IMAGE).get(1).split(" +")[2];
    Result bytes = felucca.ctr("content", "get", manifest).ok();
    assertTrue(bytes.out().startsWith("{"), bytes::toString);
    felucca.ctr("content", "label", manifest, "checked=yes").ok();
    assertEquals(List.of(manifest), lines("content", "ls", "-q", "labels.checked==yes"));
    felucca.ctr("content", "label", manifest, "checked=").ok();
    assertEquals(List.of(), lines("content", "ls", "-q", "labels.checked==yes"));
    felucca.ctr("content", "get", "sha256:" + "0".repeat(64)).fails(1, "not found");
  }

  @Test
  void content_ingest_isStoredUnderItsDigest() throws IOException {
    Path file = felucca.base().resolve("file");
    Files.writeString(file, "a file of some bytes");
    String digest = Commands.run(felucca.base(), List.of("sha256sum", file.toString())).line();
    digest = "sha256:" + digest.substring(0, 64);
    Commands.run(
            felucca.base(),
            felucca.client("content", "ingest", "--expected-digest", digest, "ref-1"),
            file)
        .ok();
    felucca.ctr("content", "get", digest).prints("a file of some bytes");
    felucca.ctr("content", "rm", digest).ok();
    felucca.ctr("content", "get", digest).fails(1, "not found");
  }

  @Test
  void snapshots_life_isToldAsOfContainerd() {
    String parent = committed();
    felucca.ctr("snapshots", "prepare", "life", parent).ok();
    String mount = felucca.ctr("snapshots", "mounts", "/some/where", "life").line();
    assertTrue(mount.startsWith("mount -t overlay overlay /some/where -o "), mount);
    assertTrue(mount.contains("upperdir=") && mount.contains("lowerdir="), mount);
    felucca.ctr("snapshots", "prepare", "life", parent).fails(1, "already exists");
    felucca.ctr("snapshots", "label", "life", "k=v").ok();
    assertTrue(felucca.ctr("snapshots", "info", "life").ok().out().contains("\"k\": \"v\""));
    assertTrue(lines("snapshots", "usage").stream().anyMatch(line -> line.startsWith("life ")));
    felucca.ctr("snapshots", "commit", "lived", "life").ok();
    felucca.ctr("snapshots", "view", "seen", "lived").ok();
    assertTrue(lines("snapshots", "tree").stream().anyMatch(line -> line.contains("\\_ lived")));
    felucca.ctr("snapshots", "rm", "lived").fails(1, "seen");
    felucca.ctr("snapshots", "rm", "seen").ok();
    felucca.ctr("snapshots", "rm", "lived").ok();
    felucca.ctr("snapshots", "--snapshotter", "nope", "ls").fails(1, "nope");
  }

  @Test
  void snapshots_diff_isALayerThatUnpacks() {
    Result layer = felucca.ctr("snapshots", "diff", committed()).ok();
    Path file = felucca.base().resolve("layer.tar.gz");
    try {
      Files.write(file, layer.outBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Result names = Commands.run(felucca.base(), List.of("tar", "-tzf", file.toString())).ok();
    assertTrue(names.out().contains("bin/busybox\n"), names::toString);
  }

  @Test
  void leases_andNamespaces_comeAndGo() {
    felucca.ctr("leases", "create", "--id", "held", "k=v").prints("held\n");
    assertTrue(lines("leases", "ls").stream().anyMatch(line -> line.startsWith("held ")));
    felucca.ctr("leases", "rm", "--sync", "held").prints("held\n");
    String other = felucca.namespace() + "-other";
    felucca.ctr("namespaces", "create", other, "a=b").ok();
    felucca.ctr("namespaces", "label", other, "c=d").ok();
    assertTrue(
        lines("namespaces", "ls").stream()
            .anyMatch(line -> line.startsWith(other) && line.contains("a=b,c=d")));
    felucca.ctr("namespaces", "rm", felucca.namespace()).fails(1, "still holds");
    felucca.ctr("namespaces", "rm", other).prints(other + "\n");
  }

  @Test
  void plugins_areThereWithoutFaults_alsoAfterACrash() {
    String uuid = uuid();
    List<String> plugins = lines("plugins", "ls");
    for (String type :
        List.of("snapshotter.v1", "runtime.v2", "differ.v1", "content.v1", "grpc.v1")) {
      assertTrue(
          plugins.stream().anyMatch(line -> line.startsWith("io.containerd." + type)),
          plugins::toString);
    }
    assertTrue(plugins.stream().noneMatch(line -> line.contains("error")), plugins::toString);
    felucca.kill();
    felucca.startDaemon();
    awaitServices();
    assertEquals(uuid, uuid());
  }

  private String uuid() {
    return lines("version").stream()
        .filter(line -> line.contains("UUID:"))
        .findFirst()
        .orElseThrow();
  }
}
