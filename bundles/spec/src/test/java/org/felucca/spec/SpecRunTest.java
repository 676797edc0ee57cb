package org.felucca.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.MountOption;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Specs as real runtimes see them, looked at from inside the container. */
class SpecRunTest {
  private record Result(int status, String output) {}

  @TempDir Path temp;
  private final LinuxSpecs specs = new LinuxSpecs();
  private Path rootfs;

  @BeforeEach
  void makeRootfs() throws Exception {
    rootfs = Rootfs.make(temp);
  }

  @AfterAll
  static void removeCgroups() throws IOException {
    try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
      for (Path hierarchy : hierarchies.filter(Files::isDirectory).toList()) {
        for (String name : List.of("felucca/spectest", "felucca")) {
          // A folder of cgroupfs goes if it has no children, whatever files it shows.
          hierarchy.resolve(name).toFile().delete();
        }
      }
    }
    for (String name : List.of("felucca/spectest", "felucca")) {
      Path.of("/sys/fs/cgroup").resolve(name).toFile().delete();
    }
  }

  private Result run(String runtime, Options options) throws Exception {
    Files.write(
        temp.resolve("config.json"),
        specs.generate(Rootfs.request(rootfs, Rootfs.CONFIG, options.build())));
    Path state = Files.createDirectories(temp.resolve("state"));
    Path output = temp.resolve("output");
    String id = "spec-" + ProcessHandle.current().pid();
    Process process =
        new ProcessBuilder(runtime, "--root", state.toString(), "run", "-b", temp.toString(), id)
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      new ProcessBuilder(runtime, "--root", state.toString(), "delete", "-f", id).start().waitFor();
      throw new AssertionError(runtime + " did not end: " + Files.readString(output));
    }
    return new Result(
        process.exitValue(), new String(Files.readAllBytes(output), StandardCharsets.UTF_8));
  }

  private String script(String runtime, Options options) throws Exception {
    Result result = run(runtime, options);
    assertEquals(0, result.status(), result.output());
    return result.output();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_asUserOfTheImage(String runtime) throws Exception {
    String output =
        script(
            runtime,
            Options.run(
                    "sh",
                    "-c",
                    "id; pwd; hostname; env; cat /proc/self/status; ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj")
                .env("GREETING=hello world"));
    assertTrue(
        output.contains("uid=1000(web) gid=1001(web) groups=33(www),44(logs),1001(web)"), output);
    assertTrue(output.contains("\n/work\nc1\n"), output);
    assertTrue(output.contains("\nGREETING=hello world\n"), output);
    assertTrue(output.contains("\nHOME=/home/web\n"), output);
    assertTrue(output.contains("\nFROM_IMAGE=1\n"), output);
    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapAmb")) {
      assertTrue(output.contains(set + ":\t0000000000000000\n"), output);
    }
    assertTrue(output.contains("CapBnd:\t00000000a80425fb\n"), output);
    assertTrue(output.contains("NoNewPrivs:\t1\n"), output);
    assertTrue(output.contains("Seccomp:\t2\n"), output);
    assertTrue(output.endsWith("\n1024\n" + OwnLimits.read().openFiles() + "\n0\n"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_asRoot(String runtime) throws Exception {
    String output =
        script(
            runtime,
            Options.run(
                    "sh", "-c", "id; cat /proc/self/status; touch /written && echo wrote; ip link")
                .user("root")
                .newPrivileges());
    assertTrue(output.contains("uid=0(root) gid=0(root) groups=0(root),2(daemon)"), output);
    for (String set : List.of("CapPrm", "CapEff", "CapBnd")) {
      assertTrue(output.contains(set + ":\t00000000a80425fb\n"), output);
    }
    assertTrue(output.contains("CapInh:\t0000000000000000\n"), output);
    assertTrue(output.contains("NoNewPrivs:\t0\n"), output);
    assertTrue(output.contains("wrote"), output);
    assertTrue(output.contains("LOOPBACK,UP"), output);
    assertFalse(output.contains("eth0"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_whatIsClosed(String runtime) throws Exception {
    String output =
        script(
            runtime,
            Options.run(
                    "sh",
                    "-c",
                    """
                    for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do
                      test -e $f && echo "$f $(head -c 100 $f | wc -c)"
                    done
                    echo "firmware $(ls /sys/firmware | wc -l)"
                    echo x 2>/dev/null >/proc/sys/kernel/hostname || echo "sysctl closed"
                    echo x 2>/dev/null >/proc/sysrq-trigger || echo "sysrq closed"
                    touch /sys/kernel/x 2>/dev/null || echo "sys closed"
                    d=/sys/fs/cgroup; test -d $d/pids && d=$d/pids
                    touch $d/x 2>/dev/null || echo "cgroup closed"
                    mount -t tmpfs x /tmp 2>/dev/null || echo "mount closed"
                    unshare -U true 2>/dev/null || echo "unshare closed"
                    chroot / true && echo "chroot open"
                    mknod /tmp/sda b 8 0 && { head -c 1 /tmp/sda 2>/dev/null || echo "disk closed"; }
                    head -c 4 /dev/zero >/dev/null && head -c 4 /dev/urandom >/dev/null && echo "devices open"
                    echo "sleepy $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)"
                    """)
                .user("root"));
    for (String line : output.lines().filter(l -> l.startsWith("/proc")).toList()) {
      assertTrue(line.endsWith(" 0"), output);
    }
    assertTrue(output.contains("firmware 0\n"), output);
    for (String thing : List.of("sysctl", "sysrq", "sys", "cgroup", "mount", "unshare", "disk")) {
      assertTrue(output.contains(thing + " closed"), thing + " in " + output);
    }
    assertTrue(output.contains("chroot open") && output.contains("devices open"), output);
    assertTrue(output.contains("sleepy 0"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_readOnlyRootAndMounts(String runtime) throws Exception {
    Path shared = Files.createDirectories(temp.resolve("shared"));
    Files.writeString(shared.resolve("file"), "from outside\n");
    String output =
        script(
            runtime,
            Options.run(
                    "sh",
                    "-c",
                    "touch /x 2>&1; cat /data/ro/file; touch /data/ro/y 2>&1; touch /data/rw/z; touch /dev/shm/ok && echo shm")
                .readOnly()
                .user("root")
                .mount(new MountOption.Bind(shared, "/data/ro", true, List.of()))
                .mount(new MountOption.Bind(shared, "/data/rw", false, List.of()))
                .mount(
                    new MountOption.Bind(
                        Files.createDirectories(temp.resolve("data")), "/data", false, List.of())));
    assertTrue(output.contains("touch: /x: Read-only file system"), output);
    assertTrue(output.contains("from outside"), output);
    assertTrue(output.contains("touch: /data/ro/y: Read-only file system"), output);
    assertTrue(output.contains("shm"), output);
    assertTrue(Files.exists(shared.resolve("z")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void run_systemCalls(String runtime) throws Exception {
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "programs for x86_64");
    int eperm = 1;
    int enosys = 38;
    Map<String, Integer> expected =
        Map.ofEntries(
            call("io_uring_setup", eperm, 425, 1, 0),
            call("keyctl", eperm, 250, 0, 0, 1),
            call("bpf", eperm, 321),
            call("unshare-user", eperm, 272, 0x1000_0000L),
            call("unshare-files", eperm, 272, 0x400),
            call("setns", eperm, 308, 0, 0),
            call("clone-user", eperm, 56, 0x1000_0011L),
            call("clone3", enosys, 435, 0, 0),
            call("userfaultfd", eperm, 323, 0),
            call("alg", eperm, 41, 38, 5, 0),
            call("alg-odd", eperm, 41, 0x1_0000_0026L, 5, 0),
            call("vsock", eperm, 41, 40, 1, 0),
            call("vsock-odd", eperm, 41, 0xffff_ffff_0000_0028L, 1, 0),
            call("inet", 0, 41, 2, 1, 0),
            call("unix", 0, 41, 1, 1, 0),
            call("netlink", 0, 41, 16, 3, 0),
            call("personality-ask", 0, 135, 0xffff_ffffL),
            call("personality-fixed", eperm, 135, 0x4_0000),
            call("ptrace-me", 0, 101, 0),
            call("kexec", eperm, 246),
            call("swapon", eperm, 167),
            call("perf", eperm, 298),
            call("getpid", 0, 39));
    SyscallProgram.write32(rootfs.resolve("bin/call-socketcall"), 102, 1, 0);
    StringBuilder script = new StringBuilder();
    for (String name : expected.keySet()) {
      script.append("/bin/call-").append(name).append("; echo ").append(name).append("=$?=\n");
    }
    script.append("/bin/call-socketcall 2>/dev/null; echo socketcall=$?=\n");
    String output = script(runtime, Options.run("sh", "-c", script.toString()).user("root"));
    expected.forEach(
        (name, status) ->
            assertTrue(output.contains(name + "=" + status + "=\n"), name + " in " + output));
    // 139: this kernel has no 32-bit interface at all.
    assertTrue(output.contains("socketcall=38=") || output.contains("socketcall=139="), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void exec_intoARunningContainer(String runtime) throws Exception {
    byte[] spec =
        specs.generate(
            Rootfs.request(rootfs, Rootfs.CONFIG, Options.run("cat", "/wait").env("A=1").build()));
    assertEquals(
        0,
        new ProcessBuilder("mkfifo", "-m", "666", rootfs.resolve("wait").toString())
            .start()
            .waitFor());
    Files.write(temp.resolve("config.json"), spec);
    Path state = Files.createDirectories(temp.resolve("state"));
    String id = "exec-" + ProcessHandle.current().pid();
    List<String> base = List.of(runtime, "--root", state.toString());
    assertEquals(0, command(base, "run", "-d", "-b", temp.toString(), id).status());
    try {
      Path process = temp.resolve("process.json");
      Files.write(
          process,
          specs.process(
              spec,
              new ExecOptions(
                  List.of(
                      "sh",
                      "-c",
                      "id; pwd; env; cat /proc/self/status; unshare -U true || echo closed"),
                  List.of("B=2"),
                  "root:www",
                  "/tmp",
                  false,
                  false,
                  null,
                  true),
              rootfs));
      String output = command(base, "exec", "--process", process.toString(), id).output();
      assertTrue(output.contains("uid=0(root) gid=33(www) groups=33(www)"), output);
      assertTrue(output.contains("\n/tmp\n") && output.contains("HOME=/root\n"), output);
      assertTrue(output.contains("A=1\n") && output.contains("B=2\n"), output);
      assertTrue(output.contains("CapEff:\t00000000a80425fb\n"), output);
      assertTrue(output.contains("CapInh:\t0000000000000000\n"), output);
      assertTrue(output.contains("NoNewPrivs:\t1\n"), output);
      assertTrue(output.contains("closed\n"), output); // standard error may come behind it
    } finally {
      command(base, "delete", "-f", id);
    }
  }

  private Result command(List<String> base, String... arguments) throws Exception {
    Path output = Files.createTempFile(temp, "command", "");
    List<String> command = new java.util.ArrayList<>(base);
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .start();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), command.toString());
    return new Result(process.exitValue(), Files.readString(output));
  }

  private Map.Entry<String, Integer> call(String name, int status, int number, long... arguments)
      throws IOException {
    SyscallProgram.write(rootfs.resolve("bin/call-" + name), number, arguments);
    return Map.entry(name, status);
  }
}
