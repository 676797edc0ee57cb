package org.felucca.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.DeviceOptions.Counted;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.Resources;
import org.felucca.api.spec.SpecHost.DiskRate;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinuxSpecsTest {
  @TempDir Path temp;
  private final LinuxSpecs specs = new LinuxSpecs();
  private Path rootfs;

  @BeforeEach
  void makeRootfs() throws Exception {
    rootfs = Rootfs.make(temp);
  }

  @AfterEach
  void close() {
    specs.close();
  }

  private RuntimeSpec spec(Options options) {
    return spec(Rootfs.CONFIG, options);
  }

  private RuntimeSpec spec(String config, Options options) {
    return RuntimeSpec.parse(specs.generate(Rootfs.request(rootfs, config, options.build())));
  }

  private EngineException refused(Options options) {
    EngineException e = assertThrows(EngineException.class, () -> spec(options));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
    return e;
  }

  private static String text(JsonObject json, String name) {
    return String.valueOf(json.get(name));
  }

  @Test
  void generate_argumentsOfImageAndUser() {
    String config = Rootfs.CONFIG.replace("\"Cmd\"", "\"Entrypoint\":[\"/init\"],\"Cmd\"");
    assertEquals(List.of("sh"), spec(Options.run()).args());
    assertEquals(List.of("/init", "sh"), spec(config, Options.run()).args());
    assertEquals(List.of("/init", "x"), spec(config, Options.run("x")).args());
    assertEquals(List.of("/mine"), spec(config, Options.run().entrypoint("/mine")).args());
    assertEquals(List.of("x"), spec(config, Options.run("x").entrypoint()).args());
    assertEquals(List.of("x"), spec(config, Options.run("x").entrypoint("")).args());
    refused(Options.run().entrypoint());
    refused(Options.run("a\0b"));
  }

  @Test
  void generate_environment() {
    JsonObject process =
        spec(Options.run("x").env("BOTH=user", "NEW=1=2", "FROM_IMAGE").terminal()).process();
    assertEquals(
        List.of(
            "PATH=/bin:/sbin",
            "HOSTNAME=c1",
            "TERM=xterm",
            "HOME=/home/web",
            "BOTH=user",
            "NEW=1=2"),
        process.strings("env"));
    assertFalse(spec(Options.run("x")).process().strings("env").contains("TERM=xterm"));
    String bare = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{}}";
    assertTrue(
        spec(bare, Options.run("x"))
            .process()
            .strings("env")
            .contains("PATH=" + Environment.DEFAULT_PATH));
    EngineException e = refused(Options.run("x").env("=secret"));
    assertFalse(String.valueOf(e.getMessage()).contains("secret"));
    refused(Options.run("x").env("A=\0"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "web;1000;1001;[1001, 33, 44];/home/web",
        "1000;1000;1001;[1001, 33, 44];/home/web",
        "web:www;1000;33;[33];/home/web",
        "web:7;1000;7;[7];/home/web",
        "5000;5000;0;[0];/",
        "5000:44;5000;44;[44];/",
        "5000:logs;5000;44;[44];/",
        "root;0;0;[0, 2];/root",
        "0;0;0;[0, 2];/root",
        "nohome;1002;1002;[1002];/",
        "2147483647;2147483647;0;[0];/"
      })
  void generate_user(String user, long uid, long gid, String groups, String home) {
    JsonObject process = spec(Options.run("x").user(user)).process();
    JsonObject resolved = process.requiredObject("user");
    assertEquals(uid, resolved.requiredNumber("uid"));
    assertEquals(gid, resolved.requiredNumber("gid"));
    assertEquals(groups, text(resolved, "additionalGids"));
    assertTrue(process.strings("env").contains("HOME=" + home));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nobody",
        "web:none",
        "web:",
        "-1",
        "2147483648",
        "4294967296",
        "99999999999999999999999",
        "0:4294967296",
        "broken",
        "over",
        "we b",
        "web\nroot",
        "web:x:y",
        "0x0",
        "+0",
        "# comment"
      })
  void generate_userRefused(String user) {
    refused(Options.run("x").user(user));
  }

  @Test
  void generate_usersOfHostileFiles() throws Exception {
    Path passwd = rootfs.resolve("etc/passwd");
    Files.delete(passwd);
    assertEquals(
        0, spec(Options.run("x").user("0")).process().requiredObject("user").requiredNumber("uid"));

    // A link out of the image ends in the image, where nothing is.
    Files.createSymbolicLink(passwd, Path.of("/../../../../etc/passwd"));
    assertTrue(
        String.valueOf(refused(Options.run("x").user("web")).getMessage()).contains("links"));
    Files.delete(passwd);
    Files.createSymbolicLink(passwd, Path.of("/real"));
    Files.writeString(rootfs.resolve("real"), "web:x:7:8::/w:\n");
    assertEquals(
        7,
        spec(Options.run("x").user("web")).process().requiredObject("user").requiredNumber("uid"));

    Files.delete(passwd);
    assertEquals(0, new ProcessBuilder("mkfifo", passwd.toString()).start().waitFor());
    assertTrue(
        String.valueOf(refused(Options.run("x").user("web")).getMessage()).contains("regular"));
    Files.delete(passwd);
    Files.createDirectory(passwd);
    refused(Options.run("x").user("web"));
    Files.delete(passwd);
    Files.createSymbolicLink(passwd, Path.of("/proc/self/environ"));
    refused(Options.run("x").user("web"));
    Files.delete(passwd);
    Files.write(passwd, new byte[(1 << 20) + 1]);
    assertTrue(
        String.valueOf(refused(Options.run("x").user("web")).getMessage()).contains("1048576"));
    Files.writeString(passwd, "web:x:1000:1000::/home\u0007/x:\nweb2:x:1000\n:::\n");
    assertTrue(spec(Options.run("x").user("web")).process().strings("env").contains("HOME=/"));
  }

  @Test
  void generate_capabilities() {
    JsonObject user = spec(Options.run("x")).process().requiredObject("capabilities");
    JsonObject root = spec(Options.run("x").user("0")).process().requiredObject("capabilities");
    assertEquals(Capabilities.DEFAULT, user.strings("bounding"));
    assertEquals(14, new TreeSet<>(Capabilities.DEFAULT).size());
    assertEquals(List.of(), user.strings("effective"));
    assertEquals(Capabilities.DEFAULT, root.strings("effective"));
    assertEquals(Capabilities.DEFAULT, root.strings("permitted"));
    for (JsonObject sets : List.of(user, root)) {
      assertTrue(sets.has("inheritable") && sets.strings("inheritable").isEmpty());
      assertTrue(sets.has("ambient") && sets.strings("ambient").isEmpty());
    }
  }

  @Test
  void generate_whatTheImageMayNotSay() {
    RuntimeSpec spec = spec(Options.run("x"));
    assertEquals(Map.of(), spec.annotations());
    assertFalse(spec.json().has("hooks"));
    assertEquals("/felucca/spectest/c1", spec.cgroupsPath());
    assertEquals("rootfs", spec.rootPath());
    assertEquals("1.0.2-dev", spec.ociVersion());
    assertEquals("c1", spec.json().requiredString("hostname"));
    assertFalse(new String(spec.bytes(), StandardCharsets.UTF_8).contains("io.example"));
  }

  @ParameterizedTest
  @CsvSource({"/a/../b/./c//,/b/c", "/,/", "/../..,/"})
  void generate_workingFolder(String given, String expected) {
    assertEquals(expected, spec(Options.run("x").cwd(given)).process().requiredString("cwd"));
    assertEquals("/work", spec(Options.run("x")).process().requiredString("cwd"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "relative",
        "",
        "/proc/self/fd/7",
        "/x/../proc/self/fd/8/../../etc",
        "/proc/1/root",
        "/proc/thread-self/cwd",
        "/dev/fd/9",
        "/a\0b"
      })
  void generate_workingFolderRefused(String cwd) {
    refused(Options.run("x").cwd(cwd));
    EngineException e =
        assertThrows(
            EngineException.class,
            () ->
                specs.process(
                    spec(Options.run("x")).bytes(),
                    new ExecOptions(List.of("x"), List.of(), null, cwd, false, false, null, true),
                    rootfs));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
  }

  @Test
  void generate_workingFolderOfImage() {
    assertThrows(
        EngineException.class,
        () -> spec(Rootfs.CONFIG.replace("/work", "/proc/self/fd/8"), Options.run("x")));
    assertEquals(
        "/app",
        spec(Rootfs.CONFIG.replace("/work", "app"), Options.run("x"))
            .process()
            .requiredString("cwd"));
  }

  @Test
  void generate_mountsInOrder() {
    RuntimeSpec spec =
        spec(
            Options.run("x")
                .mount(new MountOption.Bind(Path.of("/tmp"), "/a/b/c", true, List.of()))
                .mount(
                    new MountOption.Bind(Path.of("/tmp"), "/a/", false, List.of("rslave", "nodev")))
                .mount(new MountOption.Bind(Path.of("/tmp"), "/dev/shm", false, List.of("bind"))));
    List<JsonObject> mounts = spec.json().objects("mounts");
    List<String> destinations = mounts.stream().map(m -> m.requiredString("destination")).toList();
    assertTrue(destinations.indexOf("/a") < destinations.indexOf("/a/b/c"));
    assertEquals(1, destinations.stream().filter("/dev/shm"::equals).count());
    assertEquals(
        List.of("rbind", "nodev", "rslave", "rw").stream().sorted().toList(),
        mounts.get(destinations.indexOf("/a")).strings("options").stream().sorted().toList());
    assertEquals(
        List.of("rbind", "ro", "rprivate"),
        mounts.get(destinations.indexOf("/a/b/c")).strings("options"));
    assertTrue(mounts.get(destinations.indexOf("/dev/shm")).strings("options").contains("bind"));
  }

  @Test
  void generate_mountsRefused() {
    for (String destination : List.of("/", "relative", "/proc", "/x/../proc/sys", "/..")) {
      refused(
          Options.run("x")
              .mount(new MountOption.Bind(Path.of("/tmp"), destination, true, List.of())));
    }
    refused(Options.run("x").mount(new MountOption.Bind(Path.of("tmp"), "/a", true, List.of())));
    refused(
        Options.run("x")
            .mount(new MountOption.Bind(Path.of("/tmp"), "/a", true, List.of("upperdir=/"))));
    refused(
        Options.run("x")
            .mount(new MountOption.Bind(Path.of("/tmp"), "/a", true, List.of()))
            .mount(new MountOption.Bind(Path.of("/tmp"), "/a/", true, List.of())));
  }

  @Test
  void generate_hostnameRefused() {
    assertEquals(
        "my-host", spec(Options.run("x").hostname("my-host")).json().requiredString("hostname"));
    for (String name : List.of("", "-a", "a b", "a\nb", "a".repeat(65))) {
      refused(Options.run("x").hostname(name));
    }
  }

  @Test
  void generate_oneByOneForManyAtOnce() throws Exception {
    // No variable of one container may show up in another.
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<List<String>>> work = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        String mine = "SECRET_" + i + "=" + i;
        work.add(() -> spec(Options.run("x").env(mine)).process().strings("env"));
      }
      int i = 0;
      for (var future : threads.invokeAll(work)) {
        List<String> secrets =
            future.get().stream().filter(entry -> entry.startsWith("SECRET_")).toList();
        assertEquals(List.of("SECRET_" + i + "=" + i), secrets);
        i++;
      }
    }
  }

  @Test
  void process_overThatOfTheContainer() {
    byte[] spec = spec(Options.run("x").env("A=1")).bytes();
    JsonObject same =
        exec(
            spec,
            new ExecOptions(List.of("ls"), List.of("A=2"), null, null, true, true, null, true));
    assertEquals(List.of("ls"), same.strings("args"));
    assertTrue(same.strings("env").containsAll(List.of("A=2", "TERM=xterm", "HOME=/home/web")));
    assertEquals("/work", same.requiredString("cwd"));
    assertEquals(1000, same.requiredObject("user").requiredNumber("uid"));

    JsonObject root =
        exec(
            spec,
            new ExecOptions(List.of("ls"), List.of(), "root", "/tmp", false, false, null, true));
    assertEquals(0, root.requiredObject("user").requiredNumber("uid"));
    assertEquals("/tmp", root.requiredString("cwd"));
    assertTrue(root.strings("env").contains("HOME=/root"));
    assertEquals(Capabilities.DEFAULT, root.requiredObject("capabilities").strings("effective"));
    assertTrue(root.bool("noNewPrivileges", false));
    assertThrows(
        EngineException.class,
        () ->
            exec(
                spec, new ExecOptions(List.of(), List.of(), null, null, false, false, null, true)));
  }

  private JsonObject exec(byte[] spec, ExecOptions options) {
    return org.felucca.oci.Json.object(specs.process(spec, options, rootfs), "process");
  }

  @Test
  void fitVersion_onlyLowers() {
    byte[] spec = "{\"ociVersion\":\"1.2.1\",\"x\":{\"y\":[1.0]}}".getBytes(StandardCharsets.UTF_8);
    assertSame(spec, specs.fitVersion(spec, "1.2.1"));
    assertSame(spec, specs.fitVersion(spec, "1.3.0"));
    assertEquals(
        "{\"ociVersion\":\"1.0.2-dev\",\"x\":{\"y\":[1.0]}}",
        new String(specs.fitVersion(spec, "1.0.2-dev"), StandardCharsets.UTF_8));
    assertThrows(EngineException.class, () -> specs.fitVersion(spec, "newest"));
  }

  @Test
  void seccomp_whatCapabilitiesOpen() {
    String plain = SeccompProfile.DEFAULT.json("amd64", Capabilities.DEFAULT).toString();
    String arm = SeccompProfile.DEFAULT.json("aarch64", List.of("CAP_SYS_ADMIN")).toString();
    for (String closed : List.of("io_uring_setup", "keyctl", "userfaultfd", "kexec_load")) {
      assertFalse(plain.contains("\"" + closed + "\""), closed);
      assertFalse(arm.contains("\"" + closed + "\""), closed);
    }
    assertFalse(plain.contains("\"mount\""));
    assertTrue(arm.contains("\"mount\"") && arm.contains("SCMP_ARCH_AARCH64"));
    String refused = plain.replaceAll("\\s", "");
    for (String name : List.of("clone3", "socketcall")) {
      assertTrue(
          refused.contains("[\"" + name + "\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38"),
          name);
    }
    assertTrue(plain.contains("\"chroot\"") && plain.contains("\"arch_prctl\""));
  }

  @Test
  void generate_limits_areThoseThatAreSaid() {
    Resources limits = new Resources(64L, 128L, null, 512L, null, null, "0", null, 10L, null);
    RuntimeSpec spec = spec(Options.run("x").resources(limits));
    JsonObject resources = spec.json().requiredObject("linux").requiredObject("resources");
    assertEquals("{\"limit\":64,\"swap\":128}", json(resources.requiredObject("memory")));
    assertEquals("{\"shares\":512,\"cpus\":\"0\"}", json(resources.requiredObject("cpu")));
    assertEquals("{\"limit\":10}", json(resources.requiredObject("pids")));
    assertFalse(resources.has("blockIO"));
    assertTrue(resources.has("devices"));

    Resources more = new Resources(32L, null, 16L, null, null, null, null, null, null, 300);
    JsonObject changed =
        RuntimeSpec.parse(specs.withResources(spec.bytes(), more))
            .json()
            .requiredObject("linux")
            .requiredObject("resources");
    assertEquals(
        "{\"limit\":32,\"swap\":128,\"reservation\":16}", json(changed.requiredObject("memory")));
    assertEquals(resources.requiredObject("cpu"), changed.requiredObject("cpu"));
    assertEquals(
        "{\"memory\":{\"limit\":32,\"reservation\":16},\"blockIO\":{\"weight\":300}}",
        new String(specs.resources(more), StandardCharsets.UTF_8));
    assertEquals(
        new Resources(32L, 128L, 16L, 512L, null, null, "0", null, 10L, 300), limits.with(more));
  }

  @Test
  void put_ratesOfDisks_areThoseOfTheirNumbers() {
    JsonObject resources = JsonObject.create("resources");
    ResourceLimits.put(
        resources,
        List.of(
            new DiskRate(Counted.READ_BYTES, 8, 0, 1024),
            new DiskRate(Counted.READ_BYTES, 8, 16, 2048),
            new DiskRate(Counted.WRITES, 8, 0, 5)));
    assertEquals(
        "{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1024},"
            + "{\"major\":8,\"minor\":16,\"rate\":2048}],"
            + "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}]}",
        json(resources.requiredObject("blockIO")));
  }

  @Test
  void generate_noLimit_isNotWrittenDown_butTakenAwayFromOneThatRuns() {
    Resources none = new Resources(null, null, null, null, -1L, null, null, null, -1L, null);
    JsonObject resources =
        spec(Options.run("x").resources(none))
            .json()
            .requiredObject("linux")
            .requiredObject("resources");
    assertFalse(resources.has("pids") || resources.has("cpu"), resources::toString);
    Resources some = new Resources(null, null, null, null, 5000L, null, null, null, 10L, null);
    byte[] limited = spec(Options.run("x").resources(some)).bytes();
    JsonObject freed =
        RuntimeSpec.parse(specs.withResources(limited, none))
            .json()
            .requiredObject("linux")
            .requiredObject("resources");
    assertFalse(freed.has("pids") || freed.has("cpu"), freed::toString);
    assertEquals(
        "{\"cpu\":{\"quota\":-1},\"pids\":{\"limit\":-1}}",
        new String(specs.resources(none), StandardCharsets.UTF_8));
  }

  private static String json(JsonObject object) {
    return new String(object.bytes(), StandardCharsets.UTF_8);
  }

  @Test
  void generate_sizeOfTheTerminal_isSaidFromTheStart() {
    assertEquals(
        "{\"height\":24,\"width\":80}",
        json(
            spec(Options.run("x").terminal().size(80, 24))
                .process()
                .requiredObject("consoleSize")));
    assertFalse(spec(Options.run("x").size(80, 24)).process().has("consoleSize"));
  }

  @Test
  void generate_ofWhatCreateOptionsDefaultTo() {
    byte[] spec =
        specs.generate(
            Rootfs.request(rootfs, Rootfs.CONFIG, CreateOptions.of("busybox", List.of("sh"))));
    assertTrue(RuntimeSpec.parse(spec).process().bool("noNewPrivileges", false));
  }
}
