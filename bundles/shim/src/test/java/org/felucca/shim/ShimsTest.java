package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.api.task.Exit;
import org.felucca.linux.BootId;
import org.felucca.linux.Cgroups;
import org.felucca.linux.Mounts;
import org.felucca.shim.ttrpc.TtrpcServer;
import org.felucca.shim.wire.task.ConnectResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shims that misbehave, as shell scripts; what real ones do is in the contract of runtimes. */
@Timeout(60)
class ShimsTest {
  private static final Namespace NAMESPACE = new Namespace("ns");
  private static final ContainerId ID = new ContainerId("c1");

  @TempDir Path temp;
  private Path folder;
  private ShimSettings settings;
  private ServerSocketChannel events;
  private Shims shims;

  @BeforeEach
  void open() throws IOException {
    folder = temp.toRealPath();
    settings =
        new ShimSettings(
            folder.resolve("state"),
            folder.resolve("root"),
            folder.resolve("e").toString(),
            "/bin/false",
            Duration.ofMillis(700),
            Duration.ofMillis(700),
            Duration.ofMillis(700),
            Duration.ofMillis(2000),
            Duration.ofMillis(700),
            "",
            1000);
    events = listening("e.ttrpc");
    shims = new Shims(settings, events);
  }

  @AfterEach
  void close() throws IOException {
    shims.close();
    events.close();
  }

  private ServerSocketChannel listening(String name) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(folder.resolve(name)));
    return channel;
  }

  private Path script(String text) throws IOException {
    Path script = folder.resolve("shim-" + System.nanoTime());
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  private Shim launch(Path shim) {
    return shims.launch(
        new ShimLaunch(
            NAMESPACE,
            ID,
            "fake",
            shim,
            new RuntimeOptions("/bin/runtime", "", false, false, false),
            null,
            "{}".getBytes(StandardCharsets.UTF_8),
            Duration.ofMillis(1500)));
  }

  private Path bundle() {
    return folder.resolve("state/io.containerd.runtime.v2.task/ns/c1");
  }

  private EngineException refused(ErrorKind kind, Path shim) throws IOException {
    EngineException e = assertThrows(EngineException.class, () -> launch(shim));
    assertEquals(kind, e.kind(), e.toString());
    assertTrue(String.valueOf(e.getMessage()).contains("ns/c1"), e.toString());
    nothingLeft();
    return e;
  }

  private void nothingLeft() throws IOException {
    assertEquals(List.of(), CleanUp.processesIn(bundle()));
    for (String place : List.of("state", "root")) {
      Path namespace = folder.resolve(place + "/io.containerd.runtime.v2.task/ns");
      if (Files.exists(namespace)) {
        try (Stream<Path> rest = Files.list(namespace)) {
          assertEquals(List.of(), rest.toList());
        }
      }
    }
  }

  private static void assertSays(String words, EngineException e) {
    assertTrue(String.valueOf(e.getMessage()).contains(words), e.toString());
  }

  @Test
  void launch_shimMissing() throws IOException {
    Path none = folder.resolve("none");
    EngineException e = refused(ErrorKind.FAILED_PRECONDITION, none);
    assertSays(none.toString(), e);
    assertSays("install it", e);
  }

  @Test
  void launch_shimFails() throws IOException {
    EngineException e = refused(ErrorKind.INTERNAL, script("echo 'no luck today' >&2; exit 3"));
    assertSays("status 3", e);
    assertSays("no luck today", e);
  }

  @Test
  void launch_shimPrintsRubbish() throws IOException {
    assertSays("\"rubbish\"", refused(ErrorKind.INTERNAL, script("echo rubbish")));
    assertSays("\"\"", refused(ErrorKind.INTERNAL, script("exit 0")));
  }

  @Test
  void launch_shimHangsAndSoDoItsChildren() throws IOException {
    EngineException e =
        refused(
            ErrorKind.DEADLINE_EXCEEDED,
            script("(setsid sleep 1000 &) ; echo about to hang; sleep 1000"));
    assertSays("about to hang", e);
  }

  @Test
  void launch_shimPrintsWithoutEnd() throws IOException {
    refused(ErrorKind.DEADLINE_EXCEEDED, script("exec cat /dev/zero"));
  }

  @Test
  void launch_nobodyListensAtTheAddress() throws IOException {
    refused(ErrorKind.UNAVAILABLE, script("echo unix://" + folder + "/nobody"));
  }

  @Test
  void launch_listenerIsSilent() throws IOException {
    try (ServerSocketChannel mute = listening("mute")) {
      refused(ErrorKind.DEADLINE_EXCEEDED, script("echo unix://" + folder + "/mute"));
      assertTrue(mute.isOpen());
    }
  }

  @Test
  void launch_interrupted() throws Exception {
    Path shim = script("touch started; mv started " + folder + "/started; sleep 1000");
    AtomicReference<EngineException> failure = new AtomicReference<>();
    CountDownLatch kept = new CountDownLatch(1);
    Thread caller =
        Thread.startVirtualThread(
            () -> {
              failure.set(assertThrows(EngineException.class, () -> launch(shim)));
              if (Thread.currentThread().isInterrupted()) {
                kept.countDown();
              }
            });
    while (!Files.exists(folder.resolve("started"))) {
      Thread.sleep(5);
    }
    caller.interrupt();
    caller.join();
    assertEquals(ErrorKind.CANCELLED, failure.get().kind());
    assertTrue(kept.await(0, TimeUnit.SECONDS), "the interrupt is kept");
    nothingLeft();
  }

  @Test
  void launch_diskFull() throws Exception {
    Path state = Files.createDirectories(folder.resolve("state"));
    Mounts.mount("tmpfs", "tmpfs", state.toString(), List.of("size=64k"));
    try {
      EngineException e =
          assertThrows(
              EngineException.class,
              () ->
                  shims.launch(
                      new ShimLaunch(
                          NAMESPACE,
                          ID,
                          "fake",
                          Path.of("/bin/true"),
                          new RuntimeOptions("/bin/runtime", "", false, false, false),
                          null,
                          new byte[200_000],
                          Duration.ofSeconds(2))));
      assertEquals(ErrorKind.RESOURCE_EXHAUSTED, e.kind(), e.toString());
      nothingLeft();
    } finally {
      Mounts.unmount(state.toString(), Mounts.MNT_DETACH);
    }
  }

  @Test
  void launch_environmentAndFolder() throws IOException {
    EngineException e =
        refused(
            ErrorKind.INTERNAL,
            script(
                "pwd >&2; echo $TTRPC_ADDRESS $NAMESPACE $GOMAXPROCS >&2; echo $* >&2; ls >&2; exit 1"));
    assertSays(bundle().toString(), e);
    assertSays(folder + "/e.ttrpc ns 2", e);
    assertSays("-namespace ns -address " + folder + "/e", e);
    for (String file : List.of("config.json", "felucca.json", "log", "rootfs", "work")) {
      assertSays("\n" + file, e);
    }
  }

  /** A shim that starts only with parameters is found out, and remembered. */
  @Test
  void launch_shimWantsParameters() throws Exception {
    try (ServerSocketChannel channel = listening("task");
        TtrpcServer server = task(channel, "containerd.task.v3.Task")) {
      Path shim =
          script(
              "grep -q c1 || exit 9\necho '{\"version\":3,\"address\":\"unix://"
                  + folder
                  + "/task\",\"protocol\":\"ttrpc\"}'");
      Shim launched = launch(shim);
      assertEquals(3, launched.info().protocol());
      assertTrue(Files.exists(bundle().resolve("bootstrap.json")));
      launched.disconnect();
      assertTrue(server != null);
    }
  }

  @Test
  void launch_shimSpeaksOnlyVersion2() throws Exception {
    try (ServerSocketChannel channel = listening("task");
        TtrpcServer server = task(channel, "containerd.task.v2.Task")) {
      Shim launched =
          launch(script("echo '{\"version\":3,\"address\":\"unix://" + folder + "/task\"}'"));
      assertEquals(2, launched.info().protocol());
      assertEquals("unix://" + folder + "/task", Files.readString(bundle().resolve("address")));
      launched.disconnect();
      assertTrue(server != null);
    }
  }

  /** A task service whose process is not to be told. */
  private static TtrpcServer task(ServerSocketChannel channel, String known) {
    return new TtrpcServer(
        channel,
        (service, method, payload) -> {
          if (!service.equals(known)) {
            throw new EngineException(ErrorKind.UNIMPLEMENTED, "service " + service);
          }
          return ConnectResponse.newBuilder().setShimPid(0).build().toByteString();
        });
  }

  private Path recorded(Intent intent) throws IOException {
    BundleFolder made = new BundleFolder(settings, new Key(NAMESPACE, ID));
    made.create(intent, "{}".getBytes(StandardCharsets.UTF_8));
    return made.path();
  }

  private static Intent intent(String boot, Path shim, int pid) {
    return new Intent(
        boot, "g", "ns", "c1", "fake", shim.toString(), Instant.now(), null, 2, pid, 5);
  }

  @Test
  void recover_nothingThere() {
    assertEquals(List.of(), shims.recover());
  }

  @Test
  void recover_unfinishedLaunchIsUndone() throws Exception {
    Path made = recorded(intent(BootId.current().value(), Path.of("/bin/false"), 0));
    Process left = new ProcessBuilder("sleep", "1000").directory(made.toFile()).start();
    assertEquals(List.of(), shims.recover());
    assertTrue(left.waitFor(5, TimeUnit.SECONDS));
    nothingLeft();
  }

  @Test
  void recover_otherBootTouchesNoProcess() throws Exception {
    Path ran = folder.resolve("ran");
    recorded(intent("another-boot", script("touch " + ran), (int) ProcessHandle.current().pid()));
    Files.writeString(bundle().resolve("address"), "unix://" + folder + "/e.ttrpc");
    FoundShim.Dead dead = assertInstanceOf(FoundShim.Dead.class, shims.recover().getFirst());
    assertEquals(Exit.UNKNOWN_STATUS, dead.exit().status());
    assertFalse(Files.exists(ran));
    assertTrue(Files.exists(folder.resolve("e.ttrpc")));
    nothingLeft();
  }

  @Test
  void recover_deadShimWhoseDeleteFails() throws Exception {
    recorded(intent(BootId.current().value(), script("echo broken >&2; exit 1"), 1));
    Files.writeString(bundle().resolve("address"), "unix://" + folder + "/nobody");
    FoundShim.Dead dead = assertInstanceOf(FoundShim.Dead.class, shims.recover().getFirst());
    assertEquals(Exit.UNKNOWN_STATUS, dead.exit().status());
    nothingLeft();
  }

  @Test
  void recover_silentShimIsLeftAlone() throws Exception {
    recorded(intent(BootId.current().value(), Path.of("/bin/false"), 1));
    Files.writeString(bundle().resolve("address"), "unix://" + folder + "/mute");
    try (ServerSocketChannel mute = listening("mute")) {
      FoundShim.Silent silent =
          assertInstanceOf(FoundShim.Silent.class, shims.recover().getFirst());
      assertEquals(bundle(), silent.bundle());
      assertTrue(silent.why().contains("mute"), silent.why());
      assertTrue(Files.exists(bundle()));
      assertTrue(mute.isOpen());
    }
  }

  @Test
  void recover_oneBadFolderIsSetAsideTheOthersAreFound() throws Exception {
    Path bad = Files.createDirectories(bundle().resolveSibling("bad"));
    Files.writeString(bad.resolve("felucca.json"), "{ truncated");
    Path empty = Files.createDirectories(bundle().resolveSibling("empty"));
    Path leftover = Files.createDirectories(bundle().resolveSibling(".removed-c9-x/rootfs/deep"));
    recorded(intent("another-boot", Path.of("/bin/false"), 1));
    List<FoundShim> found = shims.recover();
    assertEquals(1, found.size(), found.toString());
    assertFalse(Files.exists(bad));
    assertFalse(Files.exists(empty));
    assertFalse(Files.exists(leftover));
    try (Stream<Path> aside = Files.list(folder.resolve("state/set-aside"))) {
      assertEquals(2, aside.count());
    }
    nothingLeft();
  }

  @Test
  void cgroup_processIsMoved() throws Exception {
    Process process = new ProcessBuilder("sleep", "1000").start();
    String group = "/felucca-shims-test-" + process.pid();
    try {
      ShimCgroup.move(group, (int) process.pid());
      assertTrue(Cgroups.pathsOf((int) process.pid()).containsValue(group));
    } finally {
      process.destroyForcibly().waitFor();
      Cgroups.detect().remove(group, Duration.ofSeconds(5));
    }
  }

  @Test
  void cleanUp_noFolder() {
    EngineException e = assertThrows(EngineException.class, () -> shims.cleanUp(NAMESPACE, ID));
    assertEquals(ErrorKind.NOT_FOUND, e.kind());
  }
}
