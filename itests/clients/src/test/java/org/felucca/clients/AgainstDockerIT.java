package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same words typed for docker 20.10 and for Felucca, of the same image; see docs/options.md.
 */
class AgainstDockerIT {
  private static StockDockerd docker;
  private static TestEngine engine;

  @BeforeAll
  static void start() {
    docker = StockDockerd.start(OtherDebian.BOOKWORM, "{}");
    engine = TestEngine.start();
    Path archive = engine.base().resolve("for-docker.tar");
    engine
        .felucca("image", "export", "--format", "docker", "-o", archive.toString(), "busybox")
        .ok();
    // Over its own of that name.
    Result loaded = docker.docker("load", "-i", archive.toString()).ok();
    assertTrue(loaded.out().endsWith("Loaded image: busybox:latest\n"), loaded::toString);
  }

  @AfterAll
  static void stop() {
    try {
      if (engine != null) {
        engine.close();
      }
    } finally {
      if (docker != null) {
        docker.close();
      }
    }
  }

  private static String[] words(String verb, List<String> options, String... command) {
    List<String> words = new ArrayList<>(List.of(verb));
    words.addAll(options);
    words.add("busybox");
    words.addAll(List.of(command));
    return words.toArray(String[]::new);
  }

  private record Row(String script, List<String> options) {}

  /** A real disk of this machine, if it has any. */
  private static List<Path> disks() throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/sys/block"))) {
      return all.filter(
              folder -> folder.getFileName().toString().matches("(sd|vd|xvd|hd|nvme|mmcblk).*"))
          .sorted()
          .map(folder -> Path.of("/dev").resolve(folder.getFileName()))
          .filter(Files::exists)
          .limit(1)
          .toList();
    }
  }

  static Stream<Row> rows() throws Exception {
    return Stream.concat(usualRows(), disks().stream().map(AgainstDockerIT::rates));
  }

  private static Row rates(Path disk) {
    return new Row(
        "cd /sys/fs/cgroup; grep -H . blkio/blkio.throttle.*_device io.max 2>/dev/null; true",
        List.of(
            ("--device-read-bps %s:1mb --device-write-bps %s:2m --device-read-iops %s:100"
                    + " --device-write-iops %s:50")
                .formatted(disk, disk, disk, disk)
                .split(" ")));
  }

  private static Stream<Row> usualRows() throws Exception {
    Path base = Files.createDirectories(engine.base().resolve("shared"));
    Path env = Files.writeString(base.resolve("env"), "# a comment\nA=1\nB=two words\n");
    return Stream.of(
        new Row(
            "echo $A $B $C; id; pwd; hostname; cat /proc/sys/kernel/domainname /etc/hostname;"
                + " ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj",
            List.of(
                ("--env-file "
                        + env
                        + " -e C=3 -u 5 --group-add 7 --group-add tty -w /a/b -h web"
                        + " --domainname example.org --ulimit nofile=100:200 --ulimit core=0"
                        + " --oom-score-adj 300")
                    .split(" "))),
        new Row(
            limits(),
            List.of(
                ("-m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 50"
                        + " --cpuset-cpus 0 --cpuset-mems 0")
                    .split(" "))),
        new Row(limits(), List.of("-m 64m --memory-swap 96m --pids-limit 0".split(" "))),
        new Row(
            "grep -E 'Cap|NoNew|Seccomp:' /proc/self/status; head -c 2 /dev/nought | wc -c;"
                + " cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax;"
                + " mkdir /new 2>/dev/null || echo no",
            List.of(
                ("--cap-add net_admin --cap-drop CAP_MKNOD --security-opt no-new-privileges"
                        + " --device /dev/zero:/dev/nought:r --sysctl net.core.somaxconn=777"
                        + " --sysctl kernel.msgmax=9000 --security-opt seccomp="
                        + Files.writeString(
                            base.resolve("seccomp.json"),
                            """
                            {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                              {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
                            """))
                    .split(" "))),
        new Row(
            "grep -E 'Cap|Seccomp:' /proc/self/status; grep -c 'proc/kcore' /proc/mounts; true",
            List.of(
                ("--cap-drop ALL --cap-add KILL --security-opt seccomp=unconfined"
                        + " --security-opt systempaths=unconfined")
                    .split(" "))),
        new Row(
            "cat /h/env; touch /h/x 2>/dev/null || echo no; touch /x 2>/dev/null || echo no;"
                + " stat -c %a /t /u; grep -E ' (/t|/u|/dev/shm) ' /proc/mounts | sort; ls /copied",
            List.of(
                ("-v "
                        + base
                        + ":/h:ro --tmpfs /t:size=1m,mode=700,exec --shm-size 3m --read-only"
                        + " --mount type=tmpfs,dst=/u,tmpfs-size=2m,tmpfs-mode=1770 -v /copied")
                    .split(" "))),
        new Row(
            "for n in pid ipc uts net; do readlink /proc/self/ns/$n; done; hostname",
            List.of("--pid host --ipc host --uts host --network host".split(" "))),
        new Row(
            "ls /sys/class/net; cat /proc/1/comm | wc -l; exit 7",
            List.of("--network none --init --stop-signal USR1 --expose 80".split(" "))));
  }

  /** Whatever there is of the files of both versions. */
  private static String limits() {
    return "cd /sys/fs/cgroup; for f in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes"
        + " memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares"
        + " pids/pids.max cpuset/cpuset.cpus memory.max memory.swap.max cpu.max cpu.weight pids.max"
        + " cpuset.cpus; do if [ -e $f ]; then echo $f $(cat $f); fi; done";
  }

  @ParameterizedTest
  @MethodSource("rows")
  void whatAContainerSees_isTheSame(Row row) {
    String[] words = words("run", row.options(), "sh", "-c", row.script());
    Result theirs = docker.docker(words);
    Result ours = engine.felucca(words);
    assertEquals(theirs.out(), ours.out(), () -> theirs + "\n" + ours);
    assertEquals(theirs.status(), ours.status(), () -> theirs + "\n" + ours);
    assertNotEquals("", ours.out(), ours::toString);
  }

  @Test
  void programsThatDoNotStart_haveTheSameStatus() {
    for (String program : List.of("no-such-program", "/etc/passwd")) {
      String[] words = words("run", List.of("--rm"), program);
      Result theirs = docker.docker(words);
      Result ours = engine.felucca(words);
      assertEquals(theirs.status(), ours.status(), () -> theirs + "\n" + ours);
    }
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatDockerRefuses_isRefused_andTheOptionNamed(String options) {
    String[] words = words("create", List.of(options.split(" ")), "true");
    Result theirs = docker.docker(words);
    assertNotEquals(0, theirs.status(), theirs::toString);
    engine.felucca(words).refused(options.split(" ")[0]);
    engine.felucca("ps", "-aqf", "status=created").prints("");
  }

  static Stream<String> wrong() {
    return Stream.of(
        "--memory 1m",
        "--memory-swap 64m",
        "--cpus 5000",
        "--cpu-period 1",
        "--cpuset-cpus 4000",
        "--cpuset-mems 9",
        "--oom-score-adj 2000",
        "--ulimit nofile=2:1",
        "--stop-signal FOO",
        "--workdir relative",
        "--cap-add FLY",
        "--sysctl kernel.panic=1",
        "--security-opt magic=on",
        "--restart sometimes",
        "--expose 99999",
        "--add-host db",
        "--pid wrong",
        "--volumes-from nobody",
        "--volume /tmp:/x:ro,rw",
        "--volume /tmp:/x:wrong",
        "--mount type=wish,dst=/x",
        "--tmpfs relative",
        "--log-driver nosuch",
        "--health-retries -1 --health-cmd x",
        "--nosuch x");
  }

  @Test
  void archives_goToDockerAndComeBack() {
    docker.docker("run", "--rm", "busybox", "echo", "loaded").prints("loaded\n");
    docker.docker("tag", "busybox:latest", "example.org/from-docker:1").ok();
    Path archive = engine.base().resolve("from-docker.tar");
    docker.docker("save", "-o", archive.toString(), "example.org/from-docker:1").ok();
    engine.felucca("image", "import", archive.toString()).prints("example.org/from-docker:1\n");
    engine
        .felucca("run", "--rm", "example.org/from-docker:1", "echo", "came back")
        .prints("came back\n");
    assertEquals(
        docker.docker("inspect", "-f", "{{json .Config.Cmd}}", "busybox").line(),
        engine
            .felucca("image", "inspect", "-f", "{{json .Config.Cmd}}", "example.org/from-docker:1")
            .line());
  }
}
