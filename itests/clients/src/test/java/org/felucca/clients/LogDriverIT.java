package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where the output of containers is kept, and how it is read back. */
class LogDriverIT {
  private static TestEngine engine;

  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.prepare();
    Path settings = engine.etc().resolve("org.felucca.engine.cfg");
    Files.writeString(
        settings,
        Files.readString(settings)
            .replace("/run/systemd/journal/socket", engine.base() + "/no-journal"));
    engine.startWithBusybox();
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

  private static JsonObject log(String container) {
    return felucca("inspect", "--format", "json", container)
        .json()
        .getFirst()
        .requiredObject("log");
  }

  private static void runs(String name, String script, String... options) {
    List<String> command = new java.util.ArrayList<>(List.of("run", "-d", "--name", name));
    command.addAll(List.of(options));
    command.addAll(List.of("busybox", "sh", "-c", script));
    felucca(command.toArray(String[]::new)).ok();
    felucca("wait", name).ok();
  }

  @Test
  void jsonFile_isWhatDockerWrites() throws IOException {
    runs("web", "echo 'a \"b\" \\'; sleep 0.1; printf no-newline >&2", "--log-driver", "json-file");
    Result both = felucca("logs", "web").ok();
    assertEquals("a \"b\" \\\n", both.out());
    assertEquals("no-newline", both.err());

    JsonObject log = log("web");
    assertEquals("json-file", log.string("driver", ""));
    Path file = Path.of(log.string("path", ""));
    assertTrue(file.getFileName().toString().endsWith("-json.log"), file::toString);
    List<String> records = Files.readAllLines(file, StandardCharsets.UTF_8);
    assertEquals(2, records.size(), records::toString);
    JsonObject first = Json.object(records.getFirst().getBytes(StandardCharsets.UTF_8), "record");
    assertEquals("a \"b\" \\\n", first.string("log", ""));
    assertEquals("stdout", first.string("stream", ""));
    assertTrue(first.string("time", "").endsWith("Z"), records::toString);
  }

  @Test
  void maxSizeAndMaxFile_keepTheLastLines() {
    runs(
        "busy",
        "i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done",
        "--log-driver",
        "json-file",
        "--log-opt",
        "max-size=4k",
        "--log-opt",
        "max-file=3");
    String all = felucca("logs", "busy").ok().out();
    assertTrue(all.endsWith("line 399\n"), all);
    assertFalse(all.contains("line 0\n"), all);
    List<String> lines = all.lines().toList();
    assertTrue(lines.size() > 60, all);
    for (int i = 0; i < lines.size(); i++) {
      assertEquals("line " + (400 - lines.size() + i), lines.get(i));
    }
    assertEquals(3, log("busy").number("files", 0));
    assertTrue(log("busy").number("bytes", 0) <= 3 * 4096);
    // From the end backwards, over the files.
    int most = lines.size() - 5;
    felucca("logs", "--tail", Integer.toString(most), "busy")
        .prints(String.join("\n", lines.subList(5, lines.size())) + "\n");
  }

  @Test
  void none_keepsNothing() {
    runs("silent", "echo x", "--log-driver", "none");
    felucca("logs", "silent").refused("silent", "log driver is none");
    assertEquals("none", log("silent").string("driver", ""));
    felucca("run", "--rm", "--log-driver", "none", "busybox", "echo", "seen").prints("seen\n");
  }

  @Test
  void driversAndOptionsThatThereAreNot_areRefusedBeforeAnythingIsMade() {
    felucca("run", "--log-driver", "fluentd", "busybox", "true")
        .refused("\"fluentd\" is unknown", "json-file");
    felucca("run", "--log-opt", "max-sise=1m", "busybox", "true").refused("max-sise");
    felucca("run", "--log-opt", "max-size=much", "busybox", "true").refused("max-size=much");
    felucca("run", "--log-driver", "none", "--log-opt", "max-size=1m", "busybox", "true")
        .refused("no options");
    felucca("create", "--log-driver", "journald", "busybox", "true")
        .refused("journald does not work here", "no-journal");
    felucca("ps", "-aq").prints("");
  }

  @Test
  void pipedInput_isLoggedToo_alsoWhileTheEngineIsGone() throws Exception {
    Path input = Files.writeString(engine.base().resolve("input"), "one\ntwo\n");
    engine
        .feluccaReading(input, "run", "-i", "--name", "piped", "busybox", "cat")
        .prints("one\ntwo\n");
    felucca("logs", "piped").prints("one\ntwo\n");

    Running client =
        engine.inBackground(
            "run",
            "-i",
            "--name",
            "talker",
            "busybox",
            "sh",
            "-c",
            "echo up; read x; echo got $x; echo err >&2; sleep 1000");
    client.awaitOut("up\n");
    engine.kill();
    client.type("this\n");
    client.awaitOut("got this\n");
    engine.startEngine();
    Commands.await("all is in the log", () -> felucca("logs", "talker").ok().err().equals("err\n"));
    felucca("logs", "talker").prints("up\ngot this\n");
    felucca("kill", "talker").ok();
    client.await().endsWith(137);

    // A second run writes on in the same log.
    engine.feluccaReading(input, "start", "-i", "piped").ok();
    Commands.await(
        "both runs are in the log",
        () -> felucca("logs", "piped").ok().out().equals("one\ntwo\none\ntwo\n"));
  }

  @Test
  void sinceAndUntil_chooseByTime() {
    engine.detached("timed", "echo first; while [ ! -e /go ]; do sleep 0.1; done; echo second");
    // Lines that are read at once have one time.
    Commands.await(
        "the first is kept", () -> felucca("logs", "timed").ok().out().equals("first\n"));
    felucca("exec", "timed", "touch", "/go").ok();
    felucca("wait", "timed").ok();
    List<String> lines = felucca("logs", "-t", "timed").ok().out().lines().toList();
    String first = lines.getFirst().substring(0, 30);
    String second = lines.get(1).substring(0, 30);
    assertEquals(first + " first", lines.getFirst());
    felucca("logs", "--since", second, "timed").prints("second\n");
    felucca("logs", "--until", first, "timed").prints("first\n");
    felucca("logs", "--since", first, "--until", second, "timed").prints("first\nsecond\n");
    felucca("logs", "--since", first, "--tail", "1", "timed").prints("second\n");
    felucca("logs", "--since", "24h", "timed").prints("first\nsecond\n");
    felucca("logs", "--until", "24h", "timed").prints("");
    felucca("logs", "--since", "2001-02-03", "-f", "timed").prints("first\nsecond\n");
    felucca("logs", "--since", "soon", "timed").refused("--since \"soon\" is no time");
  }
}
