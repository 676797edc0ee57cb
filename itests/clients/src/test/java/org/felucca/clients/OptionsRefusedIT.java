package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Options that make no sense, or that this machine can't grant: named, and nothing is made. */
class OptionsRefusedIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  /** What is refused, by the option that the message has to name. */
  private static Map<String, List<String>> wrong() throws IOException {
    Path base = engine.base();
    Path text = Files.writeString(base.resolve("text"), "{ no json");
    Path odd =
        Files.writeString(
            base.resolve("odd"),
            "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"x\"],\"action\":\"NO\"}]}");
    Path spaced = Files.writeString(base.resolve("spaced"), "A B=1\n");
    Map<String, List<String>> wrong = new LinkedHashMap<>();
    // Contradictions.
    wrong.put("--cpus says the same", List.of("--cpus", "1", "--cpu-quota", "1000"));
    wrong.put("--memory-swap needs --memory", List.of("--memory-swap", "64m"));
    wrong.put("--memory-swap 33554432 is below", List.of("-m", "64m", "--memory-swap", "32m"));
    wrong.put("--memory-reservation", List.of("-m", "16m", "--memory-reservation", "32m"));
    wrong.put(
        "--allow-new-privileges and",
        List.of("--allow-new-privileges", "--security-opt", "no-new-privileges"));
    wrong.put("--hostname and --domainname", List.of("--uts", "host", "--hostname", "x"));
    wrong.put("--shm-size does not go", List.of("--ipc", "host", "--shm-size", "1m"));
    wrong.put("--tmpfs: two mounts", List.of("--tmpfs", "/a", "--tmpfs", "/a/"));
    // Out of range.
    wrong.put("--memory 1048576", List.of("-m", "1m"));
    wrong.put("--cpus or --cpu-quota", List.of("--cpus", "5000"));
    wrong.put("--cpu-period 1 ", List.of("--cpu-period", "1"));
    wrong.put("--cpu-shares 1 ", List.of("--cpu-shares", "1"));
    wrong.put("--pids-limit -2", List.of("--pids-limit", "-2"));
    wrong.put("--blkio-weight 5", List.of("--blkio-weight", "5"));
    wrong.put("--oom-score-adj 2000", List.of("--oom-score-adj", "2000"));
    wrong.put("--stop-timeout -1", List.of("--stop-timeout", "-1"));
    wrong.put("--ulimit nofile=2:1", List.of("--ulimit", "nofile=2:1"));
    wrong.put("--cpuset-cpus 4000", List.of("--cpuset-cpus", "4000"));
    wrong.put("--cpuset-mems 9", List.of("--cpuset-mems", "9"));
    // What this machine does not have.
    wrong.put("--device /dev/not-there", List.of("--device", "/dev/not-there"));
    wrong.put("is no device", List.of("--device", text.toString()));
    wrong.put("not-there does not exist", List.of("-v", base + "/not-there:/x"));
    wrong.put("--security-opt seccomp=" + text, List.of("--security-opt", "seccomp=" + text));
    wrong.put("unknown action \"NO\"", List.of("--security-opt", "seccomp=" + odd));
    wrong.put("--security-opt seccomp /no/file", List.of("--security-opt", "seccomp=/no/file"));
    wrong.put("--security-opt apparmor=", List.of("--security-opt", "apparmor=not-loaded"));
    wrong.put("--env-file", List.of("--env-file", "/no/file"));
    wrong.put("line 1: \"A B\"", List.of("--env-file", spaced.toString()));
    wrong.put("--pidfile", List.of("--pidfile", "/no/folder/pid"));
    wrong.put("--volumes-from", List.of("--volumes-from", "nobody"));
    wrong.put("--pid: container \"nobody\"", List.of("--pid", "container:nobody"));
    wrong.put("--group-add", List.of("--group-add", "no-such-group"));
    // What nobody knows.
    wrong.put("--cap-add \"FLY\"", List.of("--cap-add", "FLY"));
    wrong.put("--cap-drop \"FLY\"", List.of("--cap-drop", "FLY"));
    wrong.put("--ulimit \"hope\"", List.of("--ulimit", "hope=1"));
    wrong.put("--stop-signal \"SIGFOO\"", List.of("--stop-signal", "SIGFOO"));
    wrong.put("--security-opt \"magic=on\"", List.of("--security-opt", "magic=on"));
    wrong.put("unmask=/etc", List.of("--security-opt", "unmask=/etc"));
    wrong.put("--mount type=wish", List.of("--mount", "type=wish,target=/x"));
    wrong.put("--network \"bridge\"", List.of("--network", "bridge"));
    wrong.put("--publish", List.of("-p", "80:80"));
    wrong.put("--add-host \"db\"", List.of("--add-host", "db"));
    wrong.put("--dns \"one\"", List.of("--dns", "one"));
    wrong.put("--restart \"sometimes\"", List.of("--restart", "sometimes"));
    wrong.put("--log-driver \"syslog\"", List.of("--log-driver", "syslog"));
    wrong.put("--log-opt \"mode\"", List.of("--log-opt", "mode=non-blocking"));
    wrong.put("--expose \"99999\"", List.of("--expose", "99999"));
    wrong.put("--userns \"keep-id\"", List.of("--userns", "keep-id"));
    wrong.put("--volume-driver \"nfs\"", List.of("--volume-driver", "nfs"));
    wrong.put("--label \"bare\"", List.of("--label", "bare"));
    wrong.put("--workdir \"relative\"", List.of("-w", "relative"));
    wrong.put("--health-retries -1", List.of("--health-retries", "-1"));
    wrong.put("--snapshotter", List.of("--snapshotter", "no-such"));
    wrong.put("ro and rw contradict", List.of("-v", base + ":/x:ro,rw"));
    wrong.put(
        "--mount type=tmpfs,dst=/x,tmpfs-mode=9",
        List.of("--mount", "type=tmpfs,dst=/x,tmpfs-mode=9"));
    wrong.put("--cidfile", List.of("--cidfile", base + "/no/folder"));
    wrong.put("linux/s390x", List.of("--platform", "linux/s390x"));
    wrong.put(
        "--device-read-bps /dev/zero is no disk", List.of("--device-read-bps", "/dev/zero:1m"));
    wrong.put("--device-write-bps \"lots\"", List.of("--device-write-bps", "/dev/zero:lots"));
    wrong.put("--device-read-iops \"/dev/zero:x\"", List.of("--device-read-iops", "/dev/zero:x"));
    // What is not the container's to change.
    wrong.put("--sysctl \"kernel.panic\"", List.of("--sysctl", "kernel.panic=1"));
    wrong.put("--sysctl \"net.ipv4.no_such\"", List.of("--sysctl", "net.ipv4.no_such=1"));
    wrong.put(
        "--sysctl net.core.somaxconn belongs",
        List.of("--network", "host", "--sysctl", "net.core.somaxconn=5"));
    wrong.put(
        "--sysctl \"kernel.shm_rmid_forced=1+kernel.core_pattern=|/x\"",
        List.of("--sysctl", "kernel.shm_rmid_forced=1+kernel.core_pattern=|/x"));
    wrong.put("nothing goes over / or below /proc", List.of("-v", "/tmp:/proc/sys"));
    wrong.put("--cgroup-parent", List.of("--cgroup-parent", "/a/../../b"));
    wrong.put("--annotation", List.of("--annotation", "io.containerd.runc.v2.group=x"));
    return wrong;
  }

  @Test
  void wrongOptions_areNamed_andNothingIsMade() throws Exception {
    for (Map.Entry<String, List<String>> each : wrong().entrySet()) {
      List<String> words = new ArrayList<>(List.of("create", "-v", "unwanted:/unwanted"));
      words.addAll(each.getValue());
      words.addAll(List.of("busybox", "true"));
      engine.felucca(words.toArray(String[]::new)).refused(each.getKey());
    }
    engine.felucca("ps", "-aq").prints("");
    engine.felucca("volume", "ls", "-q").prints("");
    assertEquals(List.of(), below(engine.root().resolve("containers")));
  }

  private static List<String> below(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> tree = Files.walk(folder, 2)) {
      return tree.filter(path -> folder.relativize(path).getNameCount() == 2)
          .map(Path::toString)
          .toList();
    }
  }

  @Test
  void volumeThatAnImageWantsOverProc_isRefused() throws Exception {
    Path layout =
        new TestImage()
            .layer(TestImage.folder("bin"))
            .config("\"Volumes\":{\"/data/../proc/x\":{}}")
            .write(engine.base().resolve("hostile"), "hostile:latest");
    engine.felucca("image", "import", layout.toString()).ok();
    engine.felucca("create", "hostile", "true").refused("volume", "/proc", "another image");
    engine.felucca("volume", "ls", "-q").prints("");
  }
}
