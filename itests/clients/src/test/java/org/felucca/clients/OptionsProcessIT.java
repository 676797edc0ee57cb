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

/**
 * Options that say what runs, how it is called and how it ends; seen from inside and in the spec.
 */
class OptionsProcessIT {
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

  static JsonObject spec(TestEngine engine, String container) {
    return engine
        .felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("spec");
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void whatRuns_isAsTheOptionsSay(String runtime) throws Exception {
    Path env = Files.writeString(engine.base().resolve("env"), "# a comment\nA=1\n  B=two words\n");
    String script =
        "echo $A $B $C; id -u; id -g; id -G; pwd; hostname; ulimit -n; ulimit -Hn; ulimit -c;"
            + " cat /proc/self/oom_score_adj; cat /proc/sys/kernel/domainname; echo $0 $1";
    List<String> run =
        new ArrayList<>(List.of("run", "--name", "p-" + runtime, "--runtime", runtime));
    run.addAll(
        List.of("--env-file", env.toString(), "-e", "C=3", "-u", "7:8", "--group-add", "55"));
    run.addAll(List.of("--group-add", "0", "-w", "/tmp", "--hostname", "web"));
    run.addAll(List.of("--domainname", "example.org", "--ulimit", "nofile=100:200"));
    run.addAll(List.of("--ulimit", "core=0", "--oom-score-adj", "300"));
    run.addAll(List.of("--annotation", "org.example.note=a b", "-l", "x=y", "--entrypoint", "sh"));
    run.addAll(List.of("busybox", "-c", script, "zero", "one"));
    felucca(run.toArray(String[]::new))
        .prints(
            """
            1 two words 3
            7
            8
            8 0 55
            /tmp
            web
            100
            200
            0
            300
            example.org
            zero one
            """);
    JsonObject spec = spec(engine, "p-" + runtime);
    JsonObject process = spec.requiredObject("process");
    assertEquals(List.of("sh", "-c", script, "zero", "one"), process.strings("args"));
    assertEquals(
        "[8, 55, 0]", String.valueOf(process.requiredObject("user").get("additionalGids")));
    assertEquals("a b", spec.requiredObject("annotations").string("org.example.note", ""));
    assertEquals(300, process.requiredNumber("oomScoreAdj"));
    assertEquals("web", spec.requiredString("hostname"));
  }

  @Test
  void names_areFilesOfTheContainer_andStayOverRestarts() throws Exception {
    List<String> run =
        new ArrayList<>(List.of("run", "-d", "--name", "names", "--hostname", "web"));
    run.addAll(
        List.of("--dns", "192.0.2.1", "--dns", "2001:db8::1", "--dns-search", "example.org"));
    run.addAll(List.of("--dns-option", "ndots:3", "--add-host", "db:192.0.2.7"));
    run.addAll(List.of("busybox", "sh", "-c", "echo 192.0.2.9 mine >> /etc/hosts; sleep 1000"));
    felucca(run.toArray(String[]::new)).ok();
    Result inside = felucca("exec", "names", "cat", "/etc/resolv.conf", "/etc/hostname");
    inside.prints(
        """
        nameserver 192.0.2.1
        nameserver 2001:db8::1
        search example.org
        options ndots:3
        web
        """);
    Commands.await(
        "the container has written into /etc/hosts",
        () -> felucca("exec", "names", "cat", "/etc/hosts").ok().out().contains("mine"));
    String hosts = felucca("exec", "names", "cat", "/etc/hosts").ok().out();
    assertTrue(hosts.contains("127.0.0.1\tlocalhost\n"), hosts);
    assertTrue(hosts.contains("\tweb\n") && hosts.contains("192.0.2.7\tdb\n"), hosts);

    felucca("stop", "-t", "0", "names").ok();
    engine.kill();
    engine.startEngine();
    felucca("start", "names").ok();
    assertTrue(felucca("exec", "names", "cat", "/etc/hosts").ok().out().contains("mine"));
    felucca("rm", "-f", "names").ok();
  }

  @Test
  void nameServers_areTheMachines_andAreNotWrittenIfReadOnly() throws Exception {
    String machine = Files.readString(Path.of("/etc/resolv.conf"));
    if (!machine.contains("nameserver 127.0.0.53")) {
      felucca("run", "--rm", "busybox", "cat", "/etc/resolv.conf").prints(machine);
    }
    felucca("run", "--rm", "--read-only", "busybox", "sh", "-c", "echo x > /etc/hosts")
        .fails(1, "Read-only file system");
  }

  @Test
  void init_isTheFirstProcess_andPassesSignalsOn() {
    String script = "trap 'echo told; exit 3' TERM; cat /proc/1/comm; while :; do sleep 0.1; done";
    felucca("run", "-d", "--init", "--name", "init", "busybox", "sh", "-c", script).ok();
    Commands.await("it is up", () -> felucca("logs", "init").out().equals("init\n"));
    assertEquals(
        List.of("/dev/init", "--", "sh", "-c", script),
        spec(engine, "init").requiredObject("process").strings("args"));
    felucca("stop", "init").ok();
    felucca("wait", "init").prints("3\n");
    felucca("logs", "init").prints("init\ntold\n");
    felucca("run", "--rm", "--init", "busybox", "no-such-program").fails(127, "no-such-program");
  }

  @Test
  void stopSignalAndTime_areTheContainersOwn() {
    String script = "trap '' TERM; trap 'exit 4' USR1; echo up; while :; do sleep 0.1; done";
    felucca("run", "-d", "--name", "usr1", "--stop-signal", "USR1", "busybox", "sh", "-c", script)
        .ok();
    Commands.await("it is up", () -> felucca("logs", "usr1").out().equals("up\n"));
    felucca("stop", "usr1").ok();
    felucca("wait", "usr1").prints("4\n");

    String deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done";
    felucca("run", "-d", "--name", "deaf", "--stop-timeout", "0", "busybox", "sh", "-c", deaf).ok();
    Commands.await("it is up", () -> felucca("logs", "deaf").out().equals("up\n"));
    felucca("stop", "deaf").ok();
    felucca("wait", "deaf").prints("137\n");
  }

  @Test
  void idAndPid_areWrittenIntoFiles() throws Exception {
    Path cid = engine.base().resolve("cid");
    Path pid = engine.base().resolve("pid");
    List<String> run = new ArrayList<>(List.of("run", "-d", "--name", "files"));
    run.addAll(List.of("--cidfile", cid.toString(), "--pidfile", pid.toString()));
    run.addAll(List.of("busybox", "sleep", "1000"));
    String id = felucca(run.toArray(String[]::new)).line();
    assertEquals(id, Files.readString(cid));
    assertTrue(
        Machine.commandLine(Long.parseLong(Files.readString(pid))).startsWith("sleep 1000"),
        Files.readString(pid));
    felucca("create", "--cidfile", cid.toString(), "busybox")
        .refused("--cidfile", "exists already");
    felucca("rm", "-f", "files").ok();

    Path other = engine.base().resolve("cid2");
    felucca("create", "--cidfile", other.toString(), "no-such-image").refused("no-such-image");
    assertFalse(Files.exists(other));
  }

  @Test
  void name_isFreeAgain_whenARunThatRemovesItselfHasEnded() {
    for (int i = 0; i < 5; i++) {
      felucca("run", "--rm", "--name", "again", "-v", "shared:/s", "busybox", "true").ok();
    }
    felucca("volume", "rm", "shared").ok();
  }

  @Test
  void wantOfMemory_isShownUntilTheNextStart() {
    List<String> run = new ArrayList<>(List.of("run", "-d", "--name", "hungry", "-m", "16m"));
    run.addAll(List.of("busybox", "sh", "-c", "[ -e /fed ] || { touch /fed; tail /dev/zero; }"));
    felucca(run.toArray(String[]::new)).ok();
    felucca("wait", "hungry").prints("137\n");
    // The shim's word of it may come behind that of the end.
    Commands.await(
        "it is told why",
        () -> felucca("inspect", "-f", "{{.State.OOMKilled}}", "hungry").line().equals("true"));
    felucca("start", "hungry").ok();
    felucca("wait", "hungry").prints("0\n");
    felucca("inspect", "-f", "{{.State.OOMKilled}}", "hungry").prints("false\n");
    felucca("rm", "hungry").ok();
  }

  @ParameterizedTest
  @ValueSource(strings = {"runc", "crun"})
  void noLimit_isNone(String runtime) {
    List<String> run = new ArrayList<>(List.of("run", "-d", "--name", "free-" + runtime));
    run.addAll(List.of("--runtime", runtime, "--pids-limit", "-1", "--cpu-quota", "-1"));
    run.addAll(List.of("busybox", "sleep", "1000"));
    felucca(run.toArray(String[]::new)).ok();
    felucca("update", "--pids-limit", "5", "--cpus", "0.5", "free-" + runtime).ok();
    felucca("update", "--pids-limit", "-1", "--cpu-quota", "-1", "free-" + runtime).ok();
    felucca("restart", "-t", "0", "free-" + runtime).ok();
    JsonObject resources =
        spec(engine, "free-" + runtime).requiredObject("linux").requiredObject("resources");
    assertFalse(resources.has("pids"), resources::toString);
    felucca("rm", "-f", "free-" + runtime).ok();
  }

  @Test
  void labels_comeFromFilesAsWell() throws Exception {
    Path labels = Files.writeString(engine.base().resolve("labels"), "a=1\nb=3\n# c=3\n");
    List<String> create = new ArrayList<>(List.of("create", "--name", "labelled"));
    create.addAll(List.of("--label-file", labels.toString(), "-l", "a=2", "busybox"));
    felucca(create.toArray(String[]::new)).ok();
    felucca("ps", "-aq", "--no-trunc", "-f", "label=a=2", "-f", "label=b")
        .prints(felucca("ps", "-aq", "--no-trunc", "-f", "name=labelled").out());
    felucca("inspect", "-f", "{{.Config.Labels.a}} {{.Config.Labels.b}}", "labelled")
        .prints("2 3\n");
    felucca("rm", "labelled").ok();
  }

  @Test
  void terminal_hasItsSizeFromTheStart() {
    TerminalClient run = engine.onTerminal("run", "-it", "--rm", "busybox", "stty", "size");
    assertEquals(0, run.await(), run::text);
    assertTrue(run.text().contains("24 80"), run::text);
    felucca("run", "-d", "--name", "sized", "busybox", "sleep", "1000").ok();
    TerminalClient exec = engine.onTerminal("exec", "-it", "sized", "stty", "size");
    assertEquals(0, exec.await(), exec::text);
    assertTrue(exec.text().contains("24 80"), exec::text);
    felucca("rm", "-f", "sized").ok();
  }
}
