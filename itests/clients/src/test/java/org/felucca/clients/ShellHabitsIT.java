package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What people type from habit: completion, formats, filters, beginnings of ids, typing errors. */
class ShellHabitsIT {
  private static final Path SHARE = Path.of(System.getProperty("felucca.home"), "share");
  private static final String BOLD = "\u001b[1m";

  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  @AfterEach
  void removeContainers() {
    engine.removeContainers();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static void webAndEnded() {
    felucca("run", "-d", "--name", "web", "-l", "tier=front", "busybox", "sleep", "1000").ok();
    felucca("run", "-d", "--name", "ended", "busybox", "sh", "-c", "exit 3").ok();
    felucca("wait", "ended").prints("3\n");
    engine.awaitStatus("ended", "stopped");
  }

  /** What bash offers for a line; the last word is the one to complete. */
  private static List<String> bash(String socket, String... words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "FELUCCA_NAMESPACE=" + engine.namespace(),
                "FELUCCA_SOCKET=" + socket,
                "bash",
                "-c",
                "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(( $# - 1 )); _felucca; printf '%s\\n' \"${COMPREPLY[@]}\"",
                SHARE.resolve("bash-completion/completions/felucca").toString(),
                engine.home().resolve("bin/felucca").toString()));
    command.addAll(List.of(words));
    return Commands.run(engine.base(), command)
        .ok()
        .out()
        .lines()
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @Test
  void completion_bash_offersWhatTheEngineKnows() {
    webAndEnded();
    String socket = engine.state().resolve("shell.sock").toString();

    assertEquals(List.of("web"), bash(socket, "stop", ""));
    assertEquals(List.of("ended"), bash(socket, "start", ""));
    assertEquals(List.of("busybox"), bash(socket, "run", "--rm", "bus"));
    assertEquals(List.of("latest"), bash(socket, "rmi", "busybox", ":", "la"));
    assertEquals(List.of("import", "inspect"), bash(socket, "image", "i"));
    assertTrue(bash(socket, "run", "--runtime", "=", "").contains("crun"));
    assertEquals(List.of("overlayfs"), bash(socket, "run", "--snapshotter", "overl"));
    assertEquals(List.of(engine.namespace()), bash(socket, "-n", engine.namespace()));
    assertEquals(List.of(), bash(socket, "-n", "elsewhere", "stop", ""));
    assertEquals(
        List.of("web"),
        bash("/nonexistent", "--socket", socket, "stop", ""),
        "a socket on the line goes before the variable");
  }

  @Test
  void completion_withoutAnEngine_isSilentAndKnowsTheVerbs() {
    assertEquals(List.of("import", "inspect"), bash("/nonexistent", "image", "i"));
    assertTrue(bash("/nonexistent", "").contains("run"));
    Result asked =
        Commands.run(
            engine.base(),
            List.of(
                "env",
                "FELUCCA_SOCKET=/nonexistent",
                engine.home().resolve("bin/felucca").toString(),
                "__complete",
                "--",
                ""));
    assertEquals("", asked.endsWith(125).out() + asked.err());
  }

  @Test
  void manual_hasAPageForEachVerb() throws Exception {
    List<String> missing = new ArrayList<>();
    for (String line : felucca("help").ok().out().lines().toList()) {
      if (line.startsWith("  ") && !line.contains(" VERB ")) {
        String verb = line.substring(2, 18).strip();
        if (!Files.exists(SHARE.resolve("man/man1/felucca-" + verb.replace(' ', '-') + ".1"))) {
          missing.add(verb);
        }
      }
    }
    assertEquals(List.of(), missing);
    assertTrue(
        Files.readString(SHARE.resolve("man/man1/felucca-run.1")).contains("\n.SH EXAMPLES\n"));
    for (String shell :
        List.of("zsh/site-functions/_felucca", "fish/vendor_completions.d/felucca.fish")) {
      assertTrue(Files.size(SHARE.resolve(shell)) > 1000, shell);
    }
  }

  @Test
  void tabKey_inTheShell_completesVerbsAndNames() {
    webAndEnded();
    TerminalClient shell = engine.onTerminal("shell");
    shell.awaitText("felucca> ");
    shell.type("pau\t");
    shell.awaitText("pause");
    shell.type("w\t\r");
    engine.awaitStatus("web", "paused");
    shell.type("unp\tw\t\r");
    engine.awaitStatus("web", "running");
    shell.type("ps -a --format '<{{.Names}}={{.State}}>'\r");
    shell.awaitText("<ended=exited>");
    shell.awaitText("<web=running>");
    shell.type("inspect -f '{{.State.ExitCode}} of {{.Name}}.' en\t\r");
    shell.awaitText("3 of ended.");
    shell.type("exit\r");
    assertEquals(0, shell.await());
  }

  @Test
  void formats_templatesTablesAndDocuments() {
    webAndEnded();

    felucca("ps", "-a", "--format", "{{.Names}} {{.State}} {{.Image}} {{.Label \"tier\"}}")
        .prints("ended exited busybox \nweb running busybox front\n");
    felucca("ps", "--format", "table {{.Names}}\\t{{.Runtime}}\\t{{upper .State}}")
        .prints("NAMES   RUNTIME   STATE\nweb     crun      RUNNING\n");
    felucca("ps", "-a", "--format", "{{if .ExitStatus}}{{.name}}: {{.exit_status}}{{end}}")
        .prints("ended: 3\n\n");
    felucca(
            "inspect",
            "-f",
            "{{.State.Status}} {{.Config.Image}} {{index .spec.process.args 1}}",
            "web")
        .prints("running busybox 1000\n");
    felucca("inspect", "-f", "{{range .Config.Cmd}}{{.}};{{end}}", "web").prints("sleep;1000;\n");
    felucca("images", "--format", "{{.Repository}}:{{.Tag}}").prints("busybox:latest\n");
    felucca("image", "inspect", "-f", "{{len .RootFS.Layers}} {{.Os}}", "busybox")
        .prints("1 linux\n");
    assertTrue(felucca("runtime", "ls", "--format", "{{.Name}}").ok().out().contains("crun"));
    assertEquals(felucca("version", "-q").line(), felucca("version", "-f", "{{.felucca}}").line());
    assertEquals(
        felucca("ps", "--format", "json").ok().out(),
        felucca("ps", "--format", "{{json .}}").ok().out());

    felucca("ps", "--format", "{{.Nmae}}")
        .refused("at character 3", "no field Nmae", "Names", "did you mean");
    felucca("ps", "--format", "{{.Names").refused("malformed at character 9", "}}");
    felucca("inspect", "-f", "{{.State.Nothing}}", "web").refused("Nothing", "ExitCode");
  }

  @Test
  void filters_dockersAndContainerds() {
    webAndEnded();
    String web = "web\n";

    for (List<String> filters :
        List.of(
            List.of("name=we"),
            List.of("status=running"),
            List.of("label=tier"),
            List.of("label=tier=front", "status=running", "status=exited"),
            List.of("ancestor=busybox", "since=web", "name=nobody", "name=web"),
            List.of("labels.tier==front"),
            List.of("status!=stopped,runtime.name==crun"),
            List.of("name==nobody", "name~=^w.b$"))) {
      List<String> words = new ArrayList<>(List.of("ps", "-a", "--format", "{{.Names}}"));
      filters.forEach(filter -> words.addAll(List.of("-f", filter)));
      Result result = felucca(words.toArray(String[]::new));
      result.prints(filters.contains("since=web") ? "" : web);
    }
    felucca("ps", "-qf", "exited=3", "--no-trunc").ok();
    felucca("ps", "-l", "--format", "{{.Names}}").prints("ended\n");
    felucca("ps", "-n", "5", "--format", "{{.Names}}").prints("ended\nweb\n");
    felucca("images", "-q", "busy*").prints(felucca("images", "-q").ok().out());
    felucca("images", "-q", "nothing").prints("");

    felucca("ps", "-f", "labels.tier=front").refused("character 12", "==");
    felucca("ps", "-f", "statsu=running").refused("no field statsu", "did you mean status");
  }

  @Test
  void ids_byTheirBeginning_areFound() {
    String id = felucca("create", "--name", "long", "busybox", "true").line();

    felucca("inspect", "-f", "{{.Name}}", id.substring(0, 10)).prints("long\n");
    String digest = felucca("images", "-q", "--no-trunc").line();
    felucca("image", "inspect", "-f", "{{.Id}}", digest.substring(7, 15)).prints(digest + "\n");
    felucca("rm", id.substring(0, 20)).ok();
    felucca("rm", id.substring(0, 20)).refused("not found", "felucca ps -a");
  }

  @Test
  void typingErrors_areAnsweredByWhatWasMeant() {
    felucca("create", "--name", "web", "busybox", "true").ok();

    felucca("strat", "web").refused("\"strat\" is no verb, did you mean start?");
    felucca("image", "lst").refused("\"lst\" is no verb, did you mean ls");
    felucca("ps", "--fromat", "json").refused("--fromat", "--format");
    felucca("start", "wbe").refused("not found", "did you mean web?");
    felucca("rmi", "bsybox").refused("not found", "did you mean busybox?");
    felucca("run", "--rm", "busbox", "true").refused("not found", "did you mean busybox?");
    felucca("run", "--rm", "--runtime", "runk", "busybox", "true").refused("runk", "crun", "runc");
  }

  private static TerminalClient terminal(String variable, String... arguments) {
    List<String> command = new ArrayList<>(engine.client(arguments));
    command.addAll(1, List.of("TERM=xterm", variable));
    return TerminalClient.open(engine.base(), command);
  }

  @Test
  void tables_fitTheTerminalAndItsColours() {
    felucca("create", "--name", "a-name-that-is-rather-long", "busybox", "sleep", "1000000").ok();

    TerminalClient coloured = terminal("NO_COLOR=", "ps", "-a");
    assertEquals(0, coloured.await());
    assertTrue(coloured.text().contains(BOLD + "CONTAINER ID"), coloured::text);
    TerminalClient plain = terminal("NO_COLOR=1", "ps", "-a");
    assertEquals(0, plain.await());
    assertFalse(plain.text().contains("\u001b"), plain::text);
    List<String> lines = plain.text().lines().toList();
    assertTrue(lines.size() >= 2 && lines.getFirst().startsWith("CONTAINER ID"), plain::text);
    lines.forEach(line -> assertTrue(line.length() <= 80, line));
    assertFalse(felucca("ps", "-a").ok().out().contains("\u001b"));
    assertTrue(felucca("ps", "-a").ok().out().contains("a-name-that-is-rather-long"));
  }

  @Test
  void progress_isForWhoeverReadsIt() {
    String archive = engine.home().resolve("images/busybox").toString();

    Result json = felucca("image", "import", "--progress", "json", archive).ok();
    List<JsonObject> documents = new Result(json.command(), 0, json.errBytes(), new byte[0]).json();
    assertFalse(documents.isEmpty());
    documents.forEach(document -> assertTrue(document.has("item") && document.has("done")));
    assertEquals("busybox\n", json.out());
    assertEquals("", felucca("image", "import", "-q", archive).ok().err());
    felucca("image", "import", "--progress", "loud", archive).refused("--progress", "plain");
  }

  @Test
  void scripts_takeTemplatesAndPipes() throws Exception {
    webAndEnded();
    Path script =
        Files.writeString(
            engine.base().resolve("habits"),
            """
            # one line each
            ps -a --format '{{.Names}}' | grep web
            ps -a --format "table {{.Names}}\\t{{.State}}"
            images --format '{{.Repository}}'
            """);

    Result result = engine.feluccaReading(script, "shell").ok();

    assertEquals(
        List.of("web", "NAMES   STATE", "ended   exited", "web     running", "busybox"),
        Arrays.asList(result.out().strip().split("\n")));
  }
}
