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

/** What a container may do, what it may use, and what it shares. */
class OptionsIsolationIT {
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
    List<String> words = new ArrayList<>(List.of("run"));
    words.addAll(options);
    words.addAll(List.of("busybox", "sh", "-c", script));
    return felucca(words.toArray(String[]::new));
  }

  private static JsonObject spec(String container) {
    return engine
        .felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("spec");
  }

  private static String bounding() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("CapBnd:"))
        .findFirst()
        .orElseThrow()
        .replaceAll("\\s+", " ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void limits_areThoseOfTheCgroups(String runtime) {
    String name = "limits-" + runtime;
    String script =
        "cd /sys/fs/cgroup; if [ -e memory.max ]; then"
            + " cat memory.max memory.swap.max memory.low cpu.max pids.max cpuset.cpus; else"
            + " cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes"
            + " memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares"
            + " pids/pids.max cpuset/cpuset.cpus; fi";
    Result result =
        run(
            List.of(
                "--name",
                name,
                "--runtime",
                runtime,
                "-m",
                "64m",
                "--memory-swap",
                "96m",
                "--memory-reservation",
                "32m",
                "--cpus",
                "0.5",
                "--cpu-shares",
                "512",
                "--pids-limit",
                "50",
                "--cpuset-cpus",
                "0",
                "--cpuset-mems",
                "0"),
            script);
    String version1 = "67108864\n100663296\n33554432\n50000\n512\n50\n0\n";
    String version2 = "67108864\n33554432\n33554432\n50000 100000\n50\n0\n";
    assertTrue(List.of(version1, version2).contains(result.ok().out()), result::toString);
    JsonObject resources = spec(name).requiredObject("linux").requiredObject("resources");
    assertEquals(67108864, resources.requiredObject("memory").requiredNumber("limit"));
    assertEquals(100663296, resources.requiredObject("memory").requiredNumber("swap"));
    assertEquals(33554432, resources.requiredObject("memory").requiredNumber("reservation"));
    assertEquals(50000, resources.requiredObject("cpu").requiredNumber("quota"));
    assertEquals(100000, resources.requiredObject("cpu").requiredNumber("period"));
    assertEquals(512, resources.requiredObject("cpu").requiredNumber("shares"));
    assertEquals("0", resources.requiredObject("cpu").requiredString("cpus"));
    assertEquals("0", resources.requiredObject("cpu").requiredString("mems"));
    assertEquals(50, resources.requiredObject("pids").requiredNumber("limit"));
  }

  @Test
  void cgroupParent_isWhereItsCgroupIs() throws Exception {
    String parent = "/felucca/" + engine.namespace() + "/parent";
    String id =
        run(List.of("-d", "--name", "below", "--cgroup-parent", parent), "sleep 1000").line();
    String pid = felucca("inspect", "-f", "{{.State.Pid}}", "below").line();
    String cgroups = Files.readString(Path.of("/proc/" + pid + "/cgroup"));
    assertTrue(cgroups.contains(parent + "/" + id), cgroups);
    assertEquals(
        parent + "/" + id, spec("below").requiredObject("linux").requiredString("cgroupsPath"));
    felucca("rm", "-f", "below").ok();
    Commands.await("its cgroup is gone", () -> cgroupsOf(parent + "/" + id).isEmpty());
    for (Path left : cgroupsOf(parent)) {
      Files.delete(left);
    }
  }

  private static List<Path> cgroupsOf(String path) throws Exception {
    List<Path> found = new ArrayList<>();
    try (var hierarchies = Files.newDirectoryStream(Path.of("/sys/fs/cgroup"))) {
      for (Path hierarchy : hierarchies) {
        if (Files.isDirectory(hierarchy.resolve(path.substring(1)))) {
          found.add(hierarchy.resolve(path.substring(1)));
        }
      }
    }
    if (Files.isDirectory(Path.of("/sys/fs/cgroup" + path))) {
      found.add(Path.of("/sys/fs/cgroup" + path));
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void rights_areThoseThatAreGiven(String runtime) throws Exception {
    String status =
        "grep -E 'CapInh|CapBnd|CapEff|NoNew|Seccomp:' /proc/self/status | tr '\\t' ' '";
    run(
            List.of(
                "--rm",
                "--runtime",
                runtime,
                "--cap-add",
                "net_admin",
                "--cap-drop",
                "CAP_MKNOD,CHOWN",
                "--device",
                "/dev/zero:/dev/nought:r",
                "--security-opt",
                "mask=/etc/passwd",
                "--security-opt",
                "no-new-privileges=false",
                "--sysctl",
                "net.core.somaxconn=777",
                "--sysctl",
                "kernel.msgmax=9000"),
            status
                + "; head -c 2 /dev/nought | wc -c; wc -c < /etc/passwd;"
                + " cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax")
        .prints(
            """
            CapInh: 0000000000000000
            CapEff: 00000000a00435fa
            CapBnd: 00000000a00435fa
            NoNewPrivs: 0
            Seccomp: 2
            2
            0
            777
            9000
            """);
    run(
            List.of("--rm", "--runtime", runtime, "--cap-drop", "ALL", "--cap-add", "KILL"),
            "grep CapEff /proc/self/status | tr '\\t' ' '")
        .prints("CapEff: 0000000000000020\n");
    String all = bounding();
    run(
            List.of("--rm", "--runtime", runtime, "--privileged"),
            status
                + "; ls /dev/kmsg; grep -c ' /sys sysfs rw' /proc/mounts; grep -c 'proc/kcore' /proc/mounts; true")
        .prints(
            "CapInh: 0000000000000000\nCapEff: %s\nCapBnd: %s\nNoNewPrivs: 0\nSeccomp: 0\n/dev/kmsg\n1\n0\n"
                .formatted(all.substring(8), all.substring(8)));
    run(
            List.of(
                "--rm",
                "--runtime",
                runtime,
                "--security-opt",
                "systempaths=unconfined",
                "--security-opt",
                "seccomp=unconfined",
                "--device-cgroup-rule",
                "c 1:11 r",
                "--cap-add",
                "ALL"),
            "grep -c 'proc/kcore\\|proc/sys ' /proc/mounts; grep Seccomp: /proc/self/status | tr '\\t' ' ';"
                + " mknod /k c 1 11 && head -c 0 < /k && echo opened; mknod /m c 1 1 && head -c 0 < /m || echo closed")
        .prints("0\nSeccomp: 0\nopened\nclosed\n");
  }

  @Test
  void seccompProfile_ofAUser_isTheFilter() throws Exception {
    Path profile =
        Files.writeString(
            engine.base().resolve("seccomp.json"),
            """
            {"defaultAction": "SCMP_ACT_ALLOW",
             "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                         {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
             "syscalls": [
               {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
               {"names": ["chmod", "fchmodat", "fchmod"], "action": "SCMP_ACT_ERRNO",
                "excludes": {"caps": ["CAP_FOWNER"]}}]}
            """);
    List<String> options =
        new ArrayList<>(List.of("--name", "filtered", "--security-opt", "seccomp=" + profile));
    run(options, "mkdir /x; chmod 700 /etc && echo changed")
        .fails(0, "No space left on device")
        .prints("changed\n");
    JsonObject seccomp = spec("filtered").requiredObject("linux").requiredObject("seccomp");
    assertEquals(1, seccomp.objects("syscalls").size());
    options.set(1, "filtered-more");
    options.addAll(List.of("--cap-drop", "FOWNER"));
    run(options, "chmod 700 /etc").fails(1, "not permitted");
  }

  @Test
  void namespaces_areThoseOfTheMachineOrOfOthers() throws Exception {
    run(
            List.of("-d", "--name", "other", "--hostname", "other", "--add-host", "db:192.0.2.7"),
            "sleep 1000")
        .ok();
    String pid = felucca("inspect", "-f", "{{.State.Pid}}", "other").line();
    List<String> kinds = List.of("pid", "ipc", "uts", "net");
    String links = "for n in pid ipc uts net; do readlink /proc/self/ns/$n; done";
    List<String> join = new ArrayList<>(List.of("--name", "joined"));
    for (String kind : List.of("--pid", "--ipc", "--uts", "--network")) {
      join.addAll(List.of(kind, "container:other"));
    }
    run(join, links + "; hostname; grep -c db /etc/hosts; ps | grep -c 'sleep 100[0]'")
        .prints(namespaces(pid, kinds) + "other\n1\n1\n");
    run(
            List.of(
                "--rm",
                "--pid",
                "host",
                "--ipc",
                "host",
                "--uts",
                "host",
                "--network",
                "host",
                "--cgroupns",
                "host"),
            links + "; readlink /proc/self/ns/cgroup; hostname")
        .prints(
            namespaces("self", List.of("pid", "ipc", "uts", "net", "cgroup"))
                + Files.readString(Path.of("/proc/sys/kernel/hostname")));
    run(List.of("--rm", "--network", "none"), "ls /sys/class/net").prints("lo\n");

    felucca("rm", "-f", "other").ok();
    felucca("start", "-a", "joined").fails(125, "joined", "container:", "start");
    run(List.of("--rm", "--network", "container:other"), "true")
        .refused("--network", "other", "not found");
  }

  private static String namespaces(String pid, List<String> kinds) throws Exception {
    StringBuilder text = new StringBuilder();
    for (String kind : kinds) {
      text.append(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + kind))).append('\n');
    }
    return text.toString();
  }

  @Test
  void spec_isThatOfTheRecord() throws Exception {
    String id = run(List.of("-d", "--name", "record", "-m", "64m"), "sleep 1000").line();
    Path config =
        engine
            .state()
            .resolve("io.containerd.runtime.v2.task")
            .resolve(engine.namespace())
            .resolve(id)
            .resolve("config.json");
    JsonObject emitted = org.felucca.oci.Json.object(Files.readAllBytes(config), "config.json");
    JsonObject kept = spec("record");
    assertEquals(kept.requiredObject("linux"), emitted.requiredObject("linux"));
    assertEquals(kept.requiredObject("process"), emitted.requiredObject("process"));
    assertFalse(emitted.requiredObject("process").bool("terminal", true));
    felucca("rm", "-f", "record").ok();
  }
}
