package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a container sees beside its root file system, and where that comes from. */
class OptionsStorageIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static Result run(List<String> options, String script) {
    List<String> words = new ArrayList<>(List.of("run", "--rm"));
    words.addAll(options);
    words.addAll(List.of("busybox", "sh", "-c", script));
    return felucca(words.toArray(String[]::new));
  }

  private static List<String> volumes() {
    return felucca("volume", "ls", "-q").ok().out().lines().toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void mounts_areAsTheOptionsSay(String runtime) throws Exception {
    Path here = Files.createDirectories(engine.base().resolve("here-" + runtime));
    Files.writeString(here.resolve("file"), "from here\n");
    String source = "source=" + here;
    run(
            List.of(
                "--runtime",
                runtime,
                "-v",
                here + ":/ro:ro,noexec",
                "--mount",
                "type=bind," + source + ",target=/rw,bind-propagation=rprivate",
                "--mount",
                "\"type=bind\"," + source + "/file,dst=/one,readonly",
                "--tmpfs",
                "/t:size=1m,mode=700,exec",
                "--mount",
                "type=tmpfs,target=/t2,tmpfs-size=2m,tmpfs-mode=1770",
                "--shm-size",
                "3m",
                "--read-only"),
            "cat /ro/file /one; touch /ro/x || touch /one || echo no; echo new > /rw/new;"
                + " stat -c %a /t /t2; df -k /t /t2 /dev/shm | sed -n 's/ .*//;1!p' | wc -l;"
                + " df -k /t /t2 /dev/shm | awk 'NR>1{print $2}';"
                + " grep ' /t ' /proc/mounts | grep -c noexec; grep -c ' /ro .*noexec' /proc/mounts;"
                + " touch /x || echo read-only")
        .prints(
            """
            from here
            from here
            no
            700
            1770
            3
            1024
            2048
            3072
            0
            1
            read-only
            """);
    assertEquals("new\n", Files.readString(here.resolve("new")));
  }

  @Test
  void mounts_ofSourcesThroughLinks_areWhatTheLinksMean_andLinksInTheImageStayInside()
      throws Exception {
    Path real = Files.createDirectory(engine.base().resolve("real"));
    Files.writeString(real.resolve("file"), "real\n");
    Path link = Files.createSymbolicLink(engine.base().resolve("link"), real);
    Path outside = Files.createDirectory(engine.base().resolve("outside"));
    TestImage image =
        new TestImage().layer(TestImage.folder("bin"), TestImage.symbolicLink("out", "" + outside));
    Path layout = image.write(engine.base().resolve("linked"), "linked:latest");
    felucca("image", "import", layout.toString()).ok();
    run(List.of("-v", link + ":/d"), "cat /d/file").prints("real\n");
    Path busybox = Path.of("/bin/busybox");
    felucca(
            "run",
            "--rm",
            // crun makes no folder behind a link.
            "--runtime",
            "runc",
            "-v",
            busybox + ":/bin/sh:ro",
            "-v",
            real + ":/out/below",
            "-v",
            "fresh:/out",
            "linked",
            "sh",
            "-c",
            "exit 0")
        .ok();
    assertEquals(List.of(), Machine.files(outside).stream().filter(f -> !f.isEmpty()).toList());
    // Its container removes itself, which this waits for.
    felucca("volume", "rm", "fresh").ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void mountsMadeLater_goWhereTheirPropagationSays(String runtime) throws Exception {
    Path tree = Files.createDirectories(engine.base().resolve("tree-" + runtime));
    Path fromHere = Files.createDirectories(tree.resolve("here"));
    Path fromThere = Files.createDirectories(tree.resolve("there"));
    Path base = engine.base();
    Commands.run(base, List.of("mount", "--bind", "" + tree, "" + tree)).ok();
    try {
      Commands.run(base, List.of("mount", "--make-shared", "" + tree)).ok();
      for (String kind : List.of("rshared", "rslave", "rprivate")) {
        List<String> create = new ArrayList<>(List.of("run", "-d", "--name", kind + runtime));
        create.addAll(List.of("--runtime", runtime, "--privileged", "-v", tree + ":/t:" + kind));
        create.addAll(List.of("busybox", "sleep", "1000"));
        felucca(create.toArray(String[]::new)).ok();
        List<String> mount = List.of("mount", "-t", "tmpfs", "seen", "" + fromHere);
        Commands.run(base, mount).ok();
        felucca("exec", kind + runtime, "mount", "-t", "tmpfs", "shown", "/t/there").ok();
        boolean seen = felucca("exec", kind + runtime, "mount").ok().out().contains("seen on");
        assertEquals(!kind.equals("rprivate"), seen, kind);
        boolean shown =
            Machine.mounts(fromThere).stream().anyMatch(line -> line.contains(" shown "));
        assertEquals(kind.equals("rshared"), shown, kind);
        assertTrue(mountOptions(kind + runtime, "/t").contains(kind));
        felucca("rm", "-f", kind + runtime).ok();
        Machine.unmount(fromThere);
        Machine.unmount(fromHere);
      }
      Commands.run(base, List.of("mount", "--make-private", "" + tree)).ok();
      felucca("create", "-v", tree + ":/t:rshared", "busybox").refused("to be shared", "private");
      felucca("create", "-v", tree + ":/t:rslave", "busybox").refused("to be a slave", "private");
    } finally {
      Machine.unmount(tree);
    }
  }

  private static List<String> mountOptions(String container, String destination) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("spec")
        .objects("mounts")
        .stream()
        .filter(mount -> mount.requiredString("destination").equals(destination))
        .findFirst()
        .orElseThrow()
        .strings("options");
  }

  @Test
  void mountsOfTheSpec_areThoseOfTheOptions() throws Exception {
    Path here = Files.createDirectories(engine.base().resolve("for-the-spec"));
    List<String> create = new ArrayList<>(List.of("create", "--name", "spec", "--read-only"));
    create.addAll(List.of("-v", here + ":/ro:ro,noexec", "-v", "/anonymous", "--shm-size", "3m"));
    create.addAll(List.of("--tmpfs", "/t:size=1m,mode=700,exec", "--platform", "linux/" + arch()));
    create.addAll(List.of("--snapshotter", "native", "busybox", "true"));
    felucca(create.toArray(String[]::new)).ok();
    assertEquals(List.of("rbind", "noexec", "ro", "rprivate"), mountOptions("spec", "/ro"));
    assertEquals(
        List.of("nosuid", "nodev", "exec", "mode=700", "size=1048576"), mountOptions("spec", "/t"));
    assertTrue(mountOptions("spec", "/dev/shm").contains("size=3145728"));
    assertTrue(mountOptions("spec", "/anonymous").contains("rbind"));
    for (String name : List.of("hosts", "hostname", "resolv.conf")) {
      assertTrue(mountOptions("spec", "/etc/" + name).contains("ro"), name);
    }
    JsonObject inspected = felucca("inspect", "--format", "json", "spec").json().getFirst();
    assertTrue(inspected.requiredObject("spec").requiredObject("root").bool("readonly", false));
    // Its root file system lies where it was asked for.
    felucca("snapshot", "ls", "-q", "--snapshotter", "native", "--filter", "kind=active")
        .prints(felucca("ps", "-aq", "--no-trunc", "-f", "name=spec").out());
    felucca("rm", "-v", "spec").ok();
  }

  private static String arch() {
    return System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64";
  }

  @Test
  void volumes_areFilledOnce_andOutliveContainers() throws Exception {
    run(List.of("-v", "data:/etc"), "cat /etc/passwd | head -n 1; echo mine > /etc/mine")
        .prints("root:x:0:0:root:/root:/bin/sh\n");
    run(List.of("-v", "data:/other:ro"), "cat /other/mine; touch /other/x || echo no")
        .prints("mine\nno\n");
    JsonObject inspected = felucca("volume", "inspect", "-f", "json", "data").json().getFirst();
    Path folder = Path.of(inspected.requiredString("mountpoint"));
    assertTrue(folder.startsWith(engine.root().resolve("volumes")), folder::toString);
    assertEquals("mine\n", Files.readString(folder.resolve("mine")));

    run(List.of("--mount", "type=volume,source=bare,target=/etc,volume-nocopy"), "ls /etc/passwd")
        .fails(1);
    felucca("volume", "create", "-l", "a=b", "made").prints("made\n");
    felucca("volume", "create", "made").prints("made\n");
    assertEquals(List.of("bare", "data", "made"), volumes());

    felucca("create", "--name", "user", "-v", "made:/m", "busybox").ok();
    felucca("volume", "rm", "made").refused("made", "mounted", "felucca rm");
    felucca("rm", "-v", "user").ok();
    felucca("volume", "rm", "made", "data", "bare").ok();
    assertFalse(Files.exists(folder));
    felucca("volume", "rm", "made").refused("made", "not found");
    assertEquals(List.of(), volumes());
  }

  @Test
  void volumesWithoutNames_goWithTheirContainers() {
    run(List.of("-v", "/anonymous"), "touch /anonymous/x").ok();
    Commands.await("the volume of --rm is gone", () -> volumes().isEmpty());
    felucca("run", "--name", "kept", "-v", "/anonymous", "busybox", "touch", "/anonymous/x").ok();
    assertEquals(1, volumes().size());
    felucca("run", "--rm", "--volumes-from", "kept:ro", "busybox", "ls", "/anonymous")
        .prints("x\n");
    run(List.of("--volumes-from", "kept:ro"), "touch /anonymous/y").fails(1, "Read-only");
    assertEquals(1, volumes().size());
    felucca("rm", "-v", "kept").ok();
    assertEquals(List.of(), volumes());

    felucca("create", "--name", "left", "-v", "/anonymous", "-v", "named:/n", "busybox").ok();
    felucca("rm", "left").ok();
    assertEquals(2, volumes().size());
    felucca("volume", "prune").refused("--force");
    felucca("volume", "prune", "-f").ok();
    felucca("volume", "ls", "-q").prints("named\n");
    felucca("volume", "prune", "-af").prints("named\n");
  }

  @Test
  void rootfs_isAFolder() throws Exception {
    Path folder = Files.createDirectories(engine.base().resolve("folder/bin"));
    Files.copy(Path.of("/bin/busybox"), folder.resolve("sh"));
    folder = folder.getParent();
    String root = folder.toString();
    felucca("run", "--name", "own", "--rootfs", root, "/bin/sh", "-c", "echo hi > /made; echo done")
        .prints("done\n");
    assertEquals("hi\n", Files.readString(folder.resolve("made")));
    felucca("start", "-a", "own").prints("done\n");
    felucca("rm", "own").ok();
    assertTrue(Files.exists(folder.resolve("made")));
    felucca("run", "--rm", "--read-only", "--rootfs", root, "/bin/sh", "-c", "echo hi > /other")
        .fails(1, "Read-only");
    felucca("run", "--rm", "--rootfs", root + "-not-there", "sh")
        .refused("--rootfs", "is no folder");
    felucca("run", "--rm", "--rootfs", root).refused("nothing to run");
  }

  @Test
  void sourceThatVanishes_isToldAtTheNextStart() throws Exception {
    Path here = Files.createDirectory(engine.base().resolve("vanishes"));
    felucca("create", "--name", "gone", "-v", here + ":/here", "busybox", "ls", "/here").ok();
    Files.delete(here);
    felucca("start", "-a", "gone").fails(125, here.toString(), "is gone", "/here");
    Files.createDirectory(here);
    felucca("start", "-a", "gone").prints("");
    felucca("rm", "gone").ok();
  }
}
