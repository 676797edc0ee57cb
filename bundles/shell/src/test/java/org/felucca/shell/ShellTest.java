package org.felucca.shell;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.felix.framework.FrameworkFactory;
import org.apache.felix.gogo.runtime.activator.Activator;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.Function;
import org.apache.felix.service.threadio.ThreadIO;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerControl;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerService;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NetworkOptions;
import org.felucca.api.container.ProcessOptions;
import org.felucca.api.container.RootOptions;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.StorageOptions;
import org.felucca.api.container.TerminalSize;
import org.felucca.api.image.ImageService;
import org.felucca.api.task.Exit;
import org.felucca.api.task.TaskService;
import org.felucca.shell.session.Services;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.Payload;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;

/**
 * The shell with real gogo in a real framework and over a real socket; only the engine is in
 * memory.
 */
@Timeout(60)
class ShellTest {
  private static final Scope SCOPE = Scope.of(Namespace.DEFAULT);

  @TempDir Path folder;
  private Framework framework;
  private final Activator gogo = new Activator();
  private ServerSocketChannel socket;
  private Path path;
  private Services services;
  private VerbFunctions functions;
  private FilterCommands filters;
  private ShellServer server;
  private final TestingEngine engine = new TestingEngine();
  private final TestingImages images = new TestingImages();
  private ServiceRegistration<?> containers;

  @BeforeEach
  void start() throws Exception {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    folder.resolve("cache").toString(),
                    "felucca.root",
                    folder.toString()));
    framework.start();
    BundleContext context = framework.getBundleContext();
    gogo.start(context);
    containers = context.registerService(ContainerService.class, engine, null);
    context.registerService(ContainerControl.class, engine, null);
    context.registerService(TaskService.class, engine, null);
    context.registerService(ImageService.class, images, null);
    path = folder.resolve("s.sock");
    socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(path));
    open();
  }

  private void open() throws IOException {
    BundleContext context = framework.getBundleContext();
    services = new Services(context);
    functions = new VerbFunctions(context, services);
    filters =
        new FilterCommands(
            context, context.getService(context.getServiceReference(CommandProcessor.class)));
    server =
        new ShellServer(
            context,
            context.getService(context.getServiceReference(CommandProcessor.class)),
            context.getService(context.getServiceReference(ThreadIO.class)),
            functions,
            socket);
  }

  private void closeShell() throws IOException {
    server.close();
    filters.close();
    functions.close();
    services.close();
  }

  @AfterEach
  void stop() throws Exception {
    closeShell();
    assertTrue(socket.isOpen(), "the shell closed a socket that is not its own");
    socket.close();
    gogo.stop(framework.getBundleContext());
    framework.stop();
    framework.waitForStop(5000);
  }

  private ContainerId running(String name) {
    ContainerId id = engine.create(SCOPE, named("busybox", name, List.of("sleep", "1000"))).id();
    engine.start(SCOPE, id);
    return id;
  }

  private static CreateOptions named(String image, String name, List<String> command) {
    return CreateOptions.of(image, command).withName(name);
  }

  // --- listing

  @Test
  void ps_runningAndCreated_showsTheRunningOnly() throws Exception {
    running("web");
    engine.create(SCOPE, named("busybox", "idle", List.of("true")));

    try (TestClient client = TestClient.call(path, "ps")) {
      assertEquals(0, client.exit());
      List<String> lines = client.out().lines().toList();
      assertEquals(2, lines.size(), client.out());
      assertTrue(
          lines.getFirst().startsWith("CONTAINER ID   IMAGE     COMMAND        CREATED"),
          client.out());
      assertTrue(
          lines
              .get(1)
              .matches(
                  "0000000000ab   busybox   \"sleep 1000\"   3 hours ago   Up 3 hours   crun +web"),
          client.out());
      assertEquals("", client.err());
      assertEquals(List.of(), client.frames, "a listing asks for input");
    }
  }

  @Test
  void ps_json_isOneDocumentALineWithSnakeNames() throws Exception {
    ContainerId id = running("web");
    engine.end(id, 3);

    try (TestClient client = TestClient.call(path, "ps", "-a", "--format", "json")) {
      assertEquals(0, client.exit());
      assertEquals(1, client.out().lines().count());
      assertTrue(client.out().startsWith("{\"id\":\"" + id + "\",\"name\":\"web\""), client.out());
      assertTrue(
          client
              .out()
              .contains(
                  "\"command\":[\"sleep\",\"1000\"],\"status\":\"stopped\",\"exit_status\":3,"),
          client.out());
    }
  }

  @Test
  void ps_filters_ofBothKindsAreLookedAtHere() throws Exception {
    ContainerId gone = running("gone");
    engine.end(gone, 2);
    running("here");

    for (List<String> filters :
        List.of(
            List.of("-f", "status=exited"),
            List.of("-f", "status==stopped,exit_status!=0"),
            List.of("-f", "name=go", "-f", "status=running", "-f", "status=exited"),
            List.of("-a", "-f", "labels.\"felucca.name\"==gone"),
            List.of("-a", "-f", "before=here", "-f", "exited=2"))) {
      List<String> words = new ArrayList<>(List.of("ps", "-q", "--no-trunc"));
      words.addAll(filters);
      try (TestClient client = TestClient.call(path, words.toArray(String[]::new))) {
        assertEquals(0, client.exit(), client.err());
        assertEquals(filters.contains("before=here") ? "" : gone + "\n", client.out());
      }
    }
  }

  @Test
  void ps_wrongFiltersAndFormats_areRefusedWithTheirPlace() throws Exception {
    Map<String, String> wrong =
        Map.of(
            "--filter=statsu=running",
            "there is no field statsu (did you mean status?); there are ancestor,",
            "--filter=status=runing",
            "the status must be created, running, paused, restarting or exited",
            "--filter=name~~web",
            "malformed at character 5: one of ==, != and ~= is expected",
            "--filter=nmae~=web",
            "there is no field nmae (did you mean name?)",
            "--format={{.Nope}}",
            "at character 3: there is no field Nope; there are ID, Image, ",
            "--format=jsn",
            "--format \"jsn\" is none: it must be table, json or a template");
    for (Map.Entry<String, String> entry : wrong.entrySet()) {
      try (TestClient client = TestClient.call(path, "ps", entry.getKey())) {
        assertEquals(125, client.exit());
        assertTrue(client.err().contains(entry.getValue()), client.err());
        assertEquals("", client.out());
      }
    }
  }

  @Test
  void ps_templates_areLinesOrTables() throws Exception {
    running("web");
    running("db");

    try (TestClient client = TestClient.call(path, "ps", "--format", "{{.Names}} {{.State}}")) {
      assertEquals(0, client.exit());
      assertEquals("db running\nweb running\n", client.out());
    }
    try (TestClient client =
        TestClient.call(path, "ps", "--format", "table {{.Names}}\\t{{.Status}}")) {
      assertEquals(0, client.exit());
      assertEquals("NAMES   STATUS\ndb      Up 3 hours\nweb     Up 3 hours\n", client.out());
    }
    try (TestClient client = TestClient.call(path, "ps", "--format", "{{json .}}")) {
      assertEquals(0, client.exit());
      assertTrue(client.out().startsWith("{\"id\":\""), client.out());
    }
  }

  @Test
  void ps_theLastOnes_areShownInAnyState() throws Exception {
    running("first");
    ContainerId second = running("second");
    engine.end(second, 0);
    running("third");
    for (List<String> words : List.of(List.of("-n", "2"), List.of("-n2"), List.of("--last", "2"))) {
      List<String> all = new ArrayList<>(List.of("ps", "--format", "{{.Names}}"));
      all.addAll(words);
      try (TestClient client = TestClient.call(path, all.toArray(String[]::new))) {
        assertEquals(0, client.exit(), client.err());
        assertEquals("third\nsecond\n", client.out());
      }
    }
    try (TestClient client = TestClient.call(path, "ps", "-lq", "--no-trunc")) {
      assertEquals(0, client.exit());
      assertEquals(1, client.out().lines().count());
    }
  }

  @Test
  void inspect_dockersWords_areUnderstood() throws Exception {
    running("web");

    try (TestClient client =
        TestClient.call(
            path, "inspect", "-f", "{{.State.Status}} {{.State.Pid}} {{.Config.Cmd}}", "web")) {
      assertEquals(0, client.exit(), client.err());
      assertEquals("running 42 [sleep 1000]\n", client.out());
    }
    try (TestClient client = TestClient.call(path, "inspect", "-f", "{{.Sate}}", "web")) {
      assertEquals(125, client.exit());
      assertTrue(client.err().contains("no field Sate (did you mean State?)"), client.err());
    }
  }

  private String complete(String... words) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("__complete", "--"));
    arguments.addAll(List.of(words));
    try (TestClient client = TestClient.call(path, arguments.toArray(String[]::new))) {
      assertEquals(0, client.exit(), client.err());
      assertEquals("", client.err());
      return client.out();
    }
  }

  @Test
  void complete_verbsAndOptions_comeWithWhatTheyDo() throws Exception {
    assertEquals(
        "import\tImport images from an archive or an OCI layout\n", complete("image", "im"));
    assertEquals(
        "--no-trunc\tdo not shorten or leave out anything\n", complete("ps", "-a", "--no-t"));
    assertEquals(
        "--latest\tonly the one that was made last, in whatever state\n", complete("ps", "--lat"));
    assertEquals("", complete("ps", "--latest", "--late"), "an option that is there already");
    assertEquals("image\tImages\n", complete("help", "im"));
    assertEquals("", complete("nonsense", ""));
    assertTrue(complete("").startsWith("run\tCreate a container"), complete(""));
    assertFalse(complete("").contains("wait-for-exit"), complete(""));
  }

  @Test
  void complete_names_areThoseThatTheVerbCanDoSomethingWith() throws Exception {
    running("web");
    engine.end(running("gone"), 0);
    engine.create(SCOPE, named("busybox", "fresh", List.of("true")));

    assertEquals("web\tbusybox, Up 3 hours\n", complete("stop", ""));
    assertEquals(List.of("gone", "fresh"), names(complete("start", "")));
    assertEquals(List.of("web", "gone", "fresh"), names(complete("rm", "-f", "")));
    assertEquals(List.of("gone"), names(complete("rm", "web", "g")));
    assertEquals(List.of("0000000000ab"), names(complete("inspect", "00000")).subList(0, 1));
    assertEquals("", complete("exec", "web", ""), "words of the program");
    assertEquals("web:\tbusybox, Up 3 hours\n:files\n", complete("cp", "w"));
    assertEquals("web:\tbusybox, Up 3 hours\n:files\n", complete("cp", "/etc/hosts", "we"));
    assertEquals("", complete("cp", "web:/et"));
    assertEquals(":files\n", complete("image", "import", "/tm"));
    assertEquals(":files\n", complete("run", "--volume", "/tm"));
  }

  private static List<String> names(String answer) {
    return answer.lines().map(line -> line.split("\t", 2)[0]).toList();
  }

  @Test
  void complete_values_areThoseOfTheOption() throws Exception {
    assertEquals("HUP\n", complete("kill", "-s", "HU"));
    assertEquals("--signal=HUP\n", complete("kill", "--signal=HU"));
    assertEquals("status=\n", complete("ps", "--filter", "stat"));
    assertEquals("status=running\n", complete("ps", "-f", "status=r"));
    assertEquals("bash\n", complete("completion", "b"));
    assertEquals("plain\n", complete("image", "import", "--progress", "p"));
  }

  @Test
  void completion_ofAShell_isItsFile() throws Exception {
    try (TestClient client = TestClient.call(path, "completion", "bash")) {
      assertEquals(0, client.exit(), client.err());
      assertTrue(client.out().contains("\ncomplete -F _felucca felucca\n"), client.out());
    }
  }

  @Test
  void filters_ofLines_areAsPeopleTypeThem() throws Exception {
    running("one");
    running("two");
    try (TestClient client = TestClient.call(path, "shell")) {
      client.type("ps --format '{{.Names}}' | grep w\nps | head -1\nps | tail -n 1 | wc -l\n");
      client.send(Frame.STDIN_EOF);
      assertEquals(0, client.exit(), client.err());
      assertEquals("two", client.out().lines().findFirst().orElseThrow());
      assertTrue(client.out().lines().toList().get(1).startsWith("CONTAINER ID"), client.out());
      assertFalse(client.out().contains("\u001b"), client.out());
    }
  }

  @Test
  void names_mistyped_areGuessed() throws Exception {
    running("web");

    for (List<String> words : List.of(List.of("stop", "wbe"), List.of("inspect", "webb"))) {
      try (TestClient client = TestClient.call(path, words.toArray(String[]::new))) {
        assertEquals(125, client.exit());
        assertTrue(client.err().endsWith("; did you mean web?\n"), client.err());
      }
    }
  }

  @Test
  void images_alias_listsImages() throws Exception {
    images.image("docker.io/library/busybox:latest");
    images.image("registry.example:5000/a/b:v1");

    try (TestClient client = TestClient.call(path, "images")) {
      assertEquals(0, client.exit());
      assertEquals(
          """
          REPOSITORY                  TAG      IMAGE ID       CREATED      SIZE
          busybox                     latest   0a0a0a0a0a0a   3 days ago   4.21MB
          registry.example:5000/a/b   v1       0a0a0a0a0a0a   3 days ago   4.21MB
          """,
          client.out());
    }
  }

  @Test
  void imageImport_standardInput_isStreamedOnlyWhenAskedFor() throws Exception {
    try (TestClient client = TestClient.call(path, "image", "import", "--name", "x", "-")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      client.type("tar");
      client.send(Frame.STDIN_EOF);
      assertEquals(0, client.exit());
      assertEquals("x\n", client.out());
    }
    assertEquals(List.of("import tar"), images.calls);
  }

  @Test
  void stdin_beyondTheCredit_endsTheConnection() throws Exception {
    running("a");
    // A verb that reads no input gives no credit, so that this is no race.
    try (TestClient client = TestClient.call(path, "wait", "a")) {
      client.send(Frame.STDIN, ByteBuffer.wrap(bytes("not asked for")));
      assertEquals(-1, client.exit());
    }
  }

  @Test
  void imageImport_relativePath_isTheClients() throws Exception {
    try (TestClient client = TestClient.call(path, "image", "import", "a.tar")) {
      assertEquals(125, client.exit());
      assertEquals(
          "felucca: import /work here/a.tar: there is no such file or folder\n", client.err());
    }
  }

  // --- words

  @Test
  void noArguments_showsTheOverview() throws Exception {
    try (TestClient client = TestClient.call(path);
        TestClient help = TestClient.call(path, "--help")) {
      assertEquals(0, client.exit());
      assertEquals(0, help.exit());
      assertEquals(client.out(), help.out());
      for (String verb :
          List.of(
              "run", "ps", "image import", "runtime ls", "version", "source", "container VERB")) {
        assertEquals(
            1,
            client.out().lines().filter(line -> line.startsWith("  " + verb + " ")).count(),
            verb + "\n" + client.out());
      }
      assertFalse(client.out().contains("wait-for-exit"));
    }
  }

  @Test
  void unknownVerb_suggestsTheClosest() throws Exception {
    try (TestClient client = TestClient.call(path, "inspcet", "x")) {
      assertEquals(125, client.exit());
      assertEquals(
          "felucca: \"inspcet\" is no verb, did you mean inspect?; felucca help lists them\n",
          client.err());
    }
    try (TestClient client = TestClient.call(path, "image", "lss")) {
      assertEquals(125, client.exit());
      assertEquals(
          "felucca: image \"lss\" is no verb, did you mean ls?; felucca image help lists them\n",
          client.err());
    }
  }

  @Test
  void unknownOption_suggestsAndNamesTheHelp() throws Exception {
    try (TestClient client = TestClient.call(path, "ps", "--filtre", "x")) {
      assertEquals(125, client.exit());
      assertTrue(client.err().startsWith("felucca: ps: there is no option "), client.err());
      assertTrue(client.err().contains("--filter"), client.err());
      assertTrue(client.err().endsWith("see felucca ps --help\n"), client.err());
    }
  }

  @Test
  void help_ofEveryVerb_namesItsOptions() throws Exception {
    for (String words :
        List.of(
            "run", "image import", "container ls", "logs", "shell", "wait-for-exit", "version")) {
      List<String> arguments = new ArrayList<>(List.of(words.split(" ")));
      arguments.add("--help");
      try (TestClient client = TestClient.call(path, arguments.toArray(String[]::new))) {
        assertEquals(0, client.exit(), client.err());
        assertTrue(client.out().startsWith("Usage: felucca " + words + " "), client.out());
        assertTrue(client.out().contains("--namespace"), client.out());
      }
    }
    try (TestClient client = TestClient.call(path, "help", "run")) {
      assertEquals(0, client.exit());
      assertTrue(client.out().contains("no_new_privs"), client.out());
    }
  }

  @Test
  void strangersVerb_registeredWithGogo_worksWithItsOutputAndResult() throws Exception {
    BundleContext context = framework.getBundleContext();
    Function function =
        (session, words) -> {
          System.out.println("to System.out");
          session.getConsole().println("to the console " + words);
          return List.of("a result");
        };
    context.registerService(
        Function.class,
        function,
        FrameworkUtil.asDictionary(
            Map.of(
                CommandProcessor.COMMAND_SCOPE,
                "felucca",
                CommandProcessor.COMMAND_FUNCTION,
                "sail")));

    try (TestClient client = TestClient.call(path, "sail", "$HOME", "a;b")) {
      assertEquals(0, client.exit(), client.err());
      assertTrue(client.out().contains("to System.out\n"), client.out());
      assertTrue(client.out().contains("to the console [$HOME, a;b]\n"), client.out());
      assertTrue(client.out().contains("a result"), client.out());
    }
    try (TestClient client = TestClient.call(path, "help")) {
      assertEquals(0, client.exit());
      assertTrue(client.out().contains("From other bundles\n  sail\n"), client.out());
    }
  }

  @Test
  void shell_functionThatTakesABundle_isGivenItByItsNumber() throws Exception {
    BundleContext context = framework.getBundleContext();
    context.registerService(
        BundleNamer.class,
        new BundleNamer(),
        FrameworkUtil.asDictionary(
            Map.of(
                CommandProcessor.COMMAND_SCOPE,
                "test",
                CommandProcessor.COMMAND_FUNCTION,
                "bundleName")));
    try (TestClient client = TestClient.call(path, "shell")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      client.type("bundleName 0\n");
      client.send(Frame.STDIN_EOF);
      assertEquals(0, client.exit(), client.err());
      assertEquals("org.apache.felix.framework\n", client.out());
    }
  }

  /** A command as other bundles write them: its arguments are what it needs. */
  public static final class BundleNamer {
    /** The name of a bundle. */
    public String bundleName(Bundle bundle) {
      return bundle.getSymbolicName();
    }
  }

  @Test
  void namespace_optionBeforeVerb_optionBehind_orEnvironment() throws Exception {
    call("-n", "one", "create", "busybox");
    call("create", "--namespace=two", "busybox");
    try (TestClient client =
        new TestClient(path).hello(0, Map.of("FELUCCA_NAMESPACE", "three"), "create", "busybox")) {
      assertEquals(0, client.exit());
    }
    call("create", "busybox");

    assertEquals(
        List.of(
            "create busybox in one",
            "create busybox in two",
            "create busybox in three",
            "create busybox in default"),
        engine.calls);
  }

  private void call(String... arguments) throws IOException {
    try (TestClient client = TestClient.call(path, arguments)) {
      assertEquals(0, client.exit(), client.err());
    }
  }

  // --- creating

  @Test
  void create_everyOption_reachesTheEngine() throws Exception {
    try (TestClient client =
        new TestClient(path)
            .hello(
                0,
                Map.of("HERE", "val"),
                "create",
                "-it",
                "--rm",
                "--name",
                "web",
                "-e",
                "A=b=c",
                "-e",
                "HERE",
                "-e",
                "NOWHERE",
                "-u",
                "1:2",
                "-w",
                "/srv",
                "-v",
                "./data:/data:ro",
                "-v",
                "/x:/y",
                "--runtime",
                "runc",
                "--entrypoint",
                "",
                "-h",
                "h",
                "--read-only",
                "--snapshotter",
                "native",
                "--label",
                "k=v",
                "--label",
                "other=w",
                "--allow-new-privileges",
                "busybox",
                "sh",
                "-c",
                "echo -n $A")) {
      assertEquals(0, client.exit(), client.err());
      assertEquals(engine.only().record.id() + "\n", client.out());
    }
    assertEquals(
        CreateOptions.of(
                new RootOptions("busybox", null, "native", null, true),
                new ProcessOptions(
                    List.of("sh", "-c", "echo -n $A"),
                    List.of(),
                    List.of("A=b=c", "HERE=val"),
                    "1:2",
                    List.of(),
                    "/srv",
                    true,
                    new TerminalSize(80, 24),
                    true,
                    false,
                    Map.of(),
                    null))
            .withName("web")
            .withRuntime("runc")
            .withLabels(Map.of("k", "v", "other", "w"))
            .withStorage(
                new StorageOptions(
                    List.of(
                        new MountOption.Bind(Path.of("/work here/data"), "/data", true, List.of()),
                        new MountOption.Bind(Path.of("/x"), "/y", false, List.of())),
                    List.of(),
                    null))
            .withNetwork(
                new NetworkOptions(
                    "h", null, List.of(), List.of(), List.of(), List.of(), List.of()))
            .withSecurity(
                new SecurityOptions(
                    false,
                    false,
                    List.of(),
                    List.of(),
                    new SecurityOptions.Seccomp.Default(),
                    null,
                    List.of(),
                    List.of(),
                    Map.of()))
            .withLife(LifeOptions.DEFAULT.withAutoRemove(true)),
        engine.only().options);
  }

  @Test
  void create_badArguments_areNamedAndNothingIsCreated() throws Exception {
    Map<String, List<String>> bad =
        Map.of(
            "--volume x is not understood: write it as /here:/there, name:/there or /there",
                List.of("-v", "x"),
            "--mount type=bind,target=/x is not understood: give source=",
                List.of("--mount", "type=bind,target=/x"),
            "--publish: there are no container networks yet", List.of("-p", "80:80"),
            "--volume /x:/y:sideways: the option \"sideways\" is unknown",
                List.of("-v", "/x:/y:sideways"),
            "--env \"=x\" has no name", List.of("-e", "=x"),
            "--label \"=x\" has no name", List.of("--label", "=x"),
            "--label \"bare\" has no value", List.of("--label", "bare"));
    for (Map.Entry<String, List<String>> each : bad.entrySet()) {
      List<String> arguments = new ArrayList<>(List.of("create"));
      arguments.addAll(each.getValue());
      arguments.add("busybox");
      try (TestClient client = TestClient.call(path, arguments.toArray(String[]::new))) {
        assertEquals(125, client.exit());
        assertTrue(client.err().startsWith("felucca: " + each.getKey()), client.err());
      }
    }
    assertEquals(List.of(), engine.calls);
  }

  // --- foreground

  @Test
  void run_foreground_joinsStartsAndEndsWithTheStatus() throws Exception {
    try (TestClient client =
        TestClient.call(path, "run", "-i", "--detach-keys", "ctrl-a", "busybox", "cat")) {
      assertTrue(client.until(Frame.IO), client.err());
      assertFalse(engine.calls.contains("start"), "started before the client was ready");
      client.send(Frame.IO_READY);
      assertTrue(client.until(Frame.RESUME));
      awaitCall("start");
      ContainerId id = engine.only().record.id();
      assertEquals(List.of("wait-for-exit", "-n", "default", id.value(), ""), client.resume);
      client.signal(15);
      awaitCall("kill  15");
      client.send(Frame.IO_STDIN_END);
      awaitCall("closeStdin ");
      engine.end(id, 42);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(42, client.exit());
      assertEquals("", client.err());
      assertEquals(List.of("IO 2 /f/in /f/out /f/err ctrl-a", "IO_END"), client.frames);
    }
    assertTrue(engine.only().options.log().keep());
  }

  @Test
  void run_terminal_getsItsSizeAtOnceAndLater() throws Exception {
    try (TestClient client = TestClient.call(path, "run", "-t", "--rm", "busybox")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      awaitCall("resize 80x24");
      client.send(Frame.RESIZE, new Payload().u16(50).u16(132).buffer());
      awaitCall("resize 132x50");
      client.signal(2);
      engine.end(engine.only().record.id(), 0);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(0, client.exit());
      assertEquals("IO 1  /f/out  ", client.frames.getFirst());
    }
    assertFalse(engine.only().options.log().keep());
    assertFalse(
        engine.calls.contains("kill  2"), "a signal was passed on although the terminal does that");
  }

  @Test
  void run_clientCantOpenTheFifos_startsNothingAndRemovesIt() throws Exception {
    try (TestClient client = TestClient.call(path, "run", "--rm", "busybox")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_FAILED, new Payload().string("/f/out is no fifo").buffer());
      assertEquals(125, client.exit());
      assertEquals(
          "felucca: the client can't open the container's streams: /f/out is no fifo\n",
          client.err());
    }
    assertFalse(engine.calls.contains("start"));
    assertTrue(engine.containers.isEmpty());
  }

  @Test
  void run_runtimeFails_statusTellsWhy() throws Exception {
    Map<String, Integer> messages =
        Map.of(
            "crun: executable file `nope` not found in $PATH: No such file or directory", 127,
            "runc create failed: exec: \"/nope\": stat /nope: no such file or directory", 127,
            "runc create failed: exec: \"/etc\": is a directory", 126,
            "exec /x: permission denied", 126,
            "OCI runtime create failed: open executable: Operation not permitted", 126,
            "mount /proc: permission denied", 125);
    for (Map.Entry<String, Integer> each : messages.entrySet()) {
      engine.failStart = EngineException.precondition(each.getKey());
      try (TestClient client = TestClient.call(path, "run", "--rm", "busybox")) {
        assertTrue(client.until(Frame.IO), client.err());
        client.send(Frame.IO_READY);
        assertTrue(client.until(Frame.IO_END));
        client.send(Frame.IO_DONE);
        assertEquals(each.getValue(), client.exit(), each.getKey());
        assertEquals("felucca: " + each.getKey() + "\n", client.err());
      }
      try (TestClient client = TestClient.call(path, "run", "-d", "--rm", "busybox")) {
        assertEquals(each.getValue(), client.exit(), each.getKey());
        assertEquals("", client.out());
      }
      assertTrue(engine.containers.isEmpty(), "a container stayed behind");
    }
  }

  @Test
  void run_detachKeys_endTheClientOnly() throws Exception {
    try (TestClient client = TestClient.call(path, "run", "-it", "busybox")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      awaitCall("start");
      client.send(Frame.IO_DETACHED);
      assertEquals(0, client.exit());
    }
    assertFalse(engine.only().exit.isDone());
  }

  @Test
  void waitForExit_clientSpeaksBeforeTheVerbListens_isHeard() throws Exception {
    ContainerId id = running("web");
    for (int i = 0; i < 20; i++) {
      engine.calls.clear();
      try (TestClient client =
          TestClient.call(path, "wait-for-exit", "-n", "default", id.value(), "")) {
        client.signal(12);
        client.send(Frame.IO_STDIN_END);
        awaitCall("closeStdin ");
        awaitCall("kill  12");
        client.send(Frame.IO_DETACHED);
        assertEquals(0, client.exit(), client.err());
      }
    }
  }

  @Test
  void attach_inputEnds_leavesTheContainersOpenForOthers() throws Exception {
    ContainerId id = running("web");
    try (TestClient client = TestClient.call(path, "attach", "web")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      assertTrue(client.until(Frame.RESUME));
      assertTrue(client.resume.contains("--keep-stdin"), client.resume.toString());
      client.send(Frame.IO_STDIN_END);
      client.signal(10);
      awaitCall("kill  10");
      engine.end(id, 0);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(0, client.exit());
    }
    assertFalse(engine.calls.contains("closeStdin "), engine.calls.toString());
  }

  @Test
  void run_clientGone_containerGoesOn() throws Exception {
    try (TestClient client = TestClient.call(path, "run", "busybox", "sleep", "9")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      assertTrue(client.until(Frame.RESUME));
      awaitCall("start");
    }
    Thread.sleep(100);
    assertFalse(engine.only().exit.isDone());
    assertFalse(
        engine.calls.stream().anyMatch(call -> call.startsWith("kill")), engine.calls.toString());
  }

  @Test
  void run_engineReplacedMeanwhile_nobodyNotices() throws Exception {
    try (TestClient client = TestClient.call(path, "run", "busybox")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      awaitCall("start");
      TestingEngine.Container container = engine.only();
      CompletableFuture<Exit> old = container.exit;
      containers.unregister();
      container.exit = new CompletableFuture<>();
      old.completeExceptionally(EngineException.unavailable("the engine is being replaced"));
      containers =
          framework.getBundleContext().registerService(ContainerService.class, engine, null);
      engine.end(container.record.id(), 7);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(7, client.exit());
      assertEquals("", client.err());
    }
  }

  @Test
  void run_shellReplacedMeanwhile_clientComesBackForTheStatus() throws Exception {
    List<String> resume;
    try (TestClient client = TestClient.call(path, "run", "-t", "busybox")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      assertTrue(client.until(Frame.RESUME));
      awaitCall("start");
      Instant before = Instant.now();
      closeShell();
      assertTrue(
          Duration.between(before, Instant.now()).toMillis() < 1500,
          "who can come back was waited for");
      assertEquals(-1, client.exit(), "it must not be told an end");
      assertEquals("", client.err());
      resume = client.resume;
    }
    // The same once more: it must be able to come back as often as need be.
    open();
    try (TestClient client = TestClient.call(path, resume.toArray(String[]::new))) {
      assertTrue(client.until(Frame.RESUME), client.err());
      assertEquals(resume, client.resume);
      closeShell();
      assertEquals(-1, client.exit());
    }
    engine.calls.clear();
    // Who connects meanwhile waits in the socket's queue.
    try (TestClient client = TestClient.call(path, resume.toArray(String[]::new))) {
      open();
      awaitCall("resize 80x24");
      client.send(Frame.RESIZE, new Payload().u16(10).u16(20).buffer());
      awaitCall("resize 20x10");
      engine.end(engine.only().record.id(), 9);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(9, client.exit());
    }
  }

  @Test
  void exec_foreground_forgetsTheProcessAfterwards() throws Exception {
    ContainerId id = running("web");
    try (TestClient client =
        TestClient.call(path, "exec", "-u", "3", "-w", "/x", "web", "ls", "-l")) {
      assertTrue(client.until(Frame.IO), client.err());
      client.send(Frame.IO_READY);
      awaitCall("startExec e1");
      engine.end(id, 5);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      assertEquals(5, client.exit());
      assertEquals(List.of("wait-for-exit", "-n", "default", id.value(), "e1"), client.resume);
    }
    assertTrue(engine.calls.contains("deleteExec e1"));
    assertEquals(List.of("ls", "-l"), engine.only().execs.get("e1").command());
    assertFalse(engine.only().execs.get("e1").stdin());
    assertTrue(engine.only().execs.get("e1").attached());
  }

  @Test
  void exec_detached_startsAndReturns() throws Exception {
    running("web");

    call("exec", "-d", "web", "true");

    assertTrue(engine.calls.contains("startExec e1"));
    assertFalse(engine.only().execs.get("e1").attached());
  }

  // --- several

  @Test
  void remove_someFail_othersAreDoneAndEveryFailureIsTold() throws Exception {
    running("a");
    engine.create(SCOPE, named("busybox", "b", List.of()));

    try (TestClient client = TestClient.call(path, "rm", "a", "nobody", "b")) {
      assertEquals(125, client.exit());
      assertEquals("b\n", client.out());
      assertEquals(
          2,
          client.err().lines().filter(line -> line.startsWith("felucca: ")).count(),
          client.err());
      assertTrue(client.err().contains("nobody"), client.err());
    }
  }

  @Test
  void stop_several_withTimeAndSignal() throws Exception {
    running("a");
    running("b");

    call("stop", "-t", "3", "-s", "SIGINT", "a", "b");

    assertEquals(2, engine.calls.stream().filter("stop 2 3"::equals).count());
  }

  @Test
  void kill_byName_sendsTheSignal() throws Exception {
    running("a");

    call("kill", "-s", "usr1", "a");

    assertTrue(engine.calls.contains("kill a 10"));
  }

  @Test
  void lifeCycleVerbs_tellTheEngine() throws Exception {
    running("a");
    running("b");

    call("pause", "a", "b");
    call("unpause", "a");
    call("restart", "-t", "7", "-s", "INT", "a");
    call("restart", "b");
    call("rename", "a", "c");
    call("update", "-m", "64m", "--restart", "on-failure:3", "a", "b");
    call("top", "a", "-eo", "pid,args");

    assertTrue(
        engine.calls.containsAll(
            List.of(
                "pause a",
                "pause b",
                "unpause a",
                "restart a 2 PT7S",
                "restart b null null",
                "rename a c",
                "update a 67108864 on-failure:3",
                "update b 67108864 on-failure:3",
                "top a [-eo, pid,args]")),
        engine.calls::toString);
  }

  @Test
  void stats_ofTwoSamples_showsPercentAndLimits() throws Exception {
    running("a");
    call("create", "--name", "b", "busybox");
    try (TestClient client = TestClient.call(path, "stats", "--no-stream", "a", "b")) {
      assertEquals(0, client.exit(), client.err());
      List<String> lines = client.out().lines().toList();
      assertEquals(3, lines.size(), client.out());
      assertTrue(
          lines
              .get(1)
              .contains(
                  "a      50.00%   32.0MiB / 64.0MiB   50.00%   4.00kB / 5.00kB   1.00kB / 2.00kB   3"),
          client.out());
      assertTrue(lines.get(2).contains("b      --       -- / --"), client.out());
    }
  }

  @Test
  void wait_several_printsEachStatusAndCanBeResumedWithTheRest() throws Exception {
    ContainerId first = running("a");
    ContainerId second = running("b");
    try (TestClient client = TestClient.call(path, "wait", "a", "b")) {
      assertTrue(client.until(Frame.POSITION));
      assertEquals(List.of("wait", "-n", "default", "a", "b"), client.resume);
      engine.end(first, 1);
      assertTrue(client.until(Frame.POSITION));
      assertEquals(List.of("wait", "-n", "default", "b"), client.resume);
      engine.end(second, 2);
      assertEquals(0, client.exit());
      assertEquals("1\n2\n", client.out());
    }
  }

  // --- logs

  @Test
  void logs_bothStreams_comeInOrder() throws Exception {
    ContainerId id = running("a");
    engine.only().log.addAll(List.of(bytes("one\n"), bytes("Error\n"), bytes("two\n")));
    engine.end(id, 0);

    try (TestClient client = TestClient.call(path, "logs", "a")) {
      assertEquals(0, client.exit());
      assertEquals("one\ntwo\n", client.out());
      assertEquals("Error\n", client.err());
    }
    try (TestClient client = TestClient.call(path, "logs", "--tail", "1", "a")) {
      assertEquals(0, client.exit());
      assertEquals("two\n", client.out());
    }
  }

  @Test
  void logs_followedOverReplacementsOfEngineAndShell_loseAndRepeatNothing() throws Exception {
    ContainerId id = running("a");
    TestingEngine.Container container = engine.only();
    StringBuilder expected = new StringBuilder();
    StringBuilder seen = new StringBuilder();
    Thread writer =
        Thread.ofVirtual()
            .start(
                () -> {
                  for (int i = 0; i < 400; i++) {
                    container.log.add(bytes(i + "\n"));
                    pause(2);
                  }
                  engine.end(id, 0);
                });
    Thread replacer =
        Thread.ofVirtual()
            .start(
                () -> {
                  for (int i = 0; i < 5; i++) {
                    pause(60);
                    containers.unregister();
                    containers =
                        framework
                            .getBundleContext()
                            .registerService(ContainerService.class, engine, null);
                  }
                });
    List<String> arguments = List.of("logs", "-f", "a");
    int shells = 0;
    while (true) {
      try (TestClient client = TestClient.call(path, arguments.toArray(String[]::new))) {
        if (shells < 2) {
          client.untilOutput((shells + 1) * 50 + "\n");
          CompletableFuture<Integer> end = CompletableFuture.supplyAsync(() -> exit(client));
          closeShell();
          assertEquals(-1, end.get(10, TimeUnit.SECONDS));
          open();
          shells++;
        } else {
          assertEquals(0, client.exit(), client.err());
        }
        seen.append(client.out());
        arguments = client.resume;
        if (client.status == 0) {
          break;
        }
      }
    }
    writer.join();
    replacer.join();
    for (int i = 0; i < 400; i++) {
      expected.append(i).append('\n');
    }
    assertEquals(expected.toString(), seen.toString());
  }

  @Test
  void logs_followerInterrupted_endsWithTheSignalsStatus() throws Exception {
    running("a");
    engine.only().log.add(bytes("one\n"));
    try (TestClient client = TestClient.call(path, "logs", "-f", "a")) {
      client.untilOutput("one\n");
      client.signal(2);
      assertEquals(130, client.exit());
      assertEquals("", client.err());
    }
  }

  // --- scripts and the shell

  @Test
  void shell_piped_runsLinesUpToTheFirstFailure() throws Exception {
    running("web");
    try (TestClient client = TestClient.call(path, "shell")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      client.type(
          """
          # names of containers
          ps -q

          felucca ps --format json
          felucca:create --name 'x
          y' busybox
          rm web
          create never
          """);
      client.send(Frame.STDIN_EOF);
      assertEquals(125, client.exit());
      assertTrue(client.out().startsWith("0000000000ab\n{\"id\":"), client.out() + client.err());
      assertTrue(client.err().startsWith("felucca: container 0000000000ab runs"), client.err());
    }
    assertEquals(List.of("create busybox in default"), creations().subList(1, creations().size()));
  }

  private List<String> creations() {
    return engine.calls.stream().filter(call -> call.startsWith("create")).toList();
  }

  @Test
  void shell_piped_hasPipesAndLoops() throws Exception {
    running("web");
    running("db");
    try (TestClient client = TestClient.call(path, "shell")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      client.type("ps --no-trunc | grep web | wc -l\n");
      client.type("each [a b] { create --name $it busybox }\n");
      client.send(Frame.STDIN_EOF);
      assertEquals(0, client.exit(), client.err());
      assertTrue(client.out().strip().startsWith("1"), client.out());
    }
    assertEquals(4, engine.containers.size());
    assertTrue(
        engine.containers.values().stream().anyMatch(each -> each.record.name().equals("b")));
  }

  @Test
  void shell_pipedWithAnOpenQuote_isTold() throws Exception {
    try (TestClient client = TestClient.call(path, "shell")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      client.type("ps 'x\n");
      client.send(Frame.STDIN_EOF);
      assertEquals(125, client.exit());
      assertTrue(
          client.err().startsWith("felucca: standard input, line 1: the command does not end"),
          client.err());
    }
  }

  @Test
  void source_file_runsItsLines() throws Exception {
    Path script = Files.writeString(folder.resolve("script"), "create busybox\ncreate busybox\n");

    call("source", script.toString());

    assertEquals(2, creations().size());
    try (TestClient client = TestClient.call(path, "source", "/nowhere")) {
      assertEquals(125, client.exit());
      assertEquals("felucca: source /nowhere: there is no such file\n", client.err());
    }
  }

  @Test
  void shell_onATerminal_editsCompletesRunsAndLeaves() throws Exception {
    running("web");
    images.image("docker.io/library/busybox:latest");
    try (TestClient client = new TestClient(path).hello(7, Map.of("TERM", "xterm"), "shell")) {
      client.untilOutput("felucca> ");
      assertEquals(
          List.of("RAW 1"),
          client.frames.stream().filter(frame -> frame.startsWith("RAW")).toList());
      assertEquals(List.of("shell", "--again"), client.resume);
      client.type("ps --no-tr\t-q\r");
      client.untilOutput(engine.only().record.id() + "\r\n");
      client.type("rm we\t\r");
      client.untilOutput("felucca: container 0000000000ab runs");
      client.type("nonsense\r");
      client.untilOutput("nonsense is no command");
      client.type("felucca image ls -q\r");
      client.untilOutput("0a0a0a0a0a0a\r\n");
      client.type("exit\r");
      assertEquals(0, client.exit());
      assertEquals("RAW 0", client.frames.getLast());
    }
    assertTrue(Files.readString(folder.resolve("shell-history")).contains("felucca image ls -q"));
  }

  @Test
  void shell_onATerminal_interruptEndsTheCommandOnly() throws Exception {
    running("web");
    engine.only().log.add(bytes("first line\n"));
    try (TestClient client = new TestClient(path).hello(7, Map.of("TERM", "xterm"), "shell")) {
      client.untilOutput("felucca> ");
      client.type("logs -f web\r");
      client.untilOutput("first line\r\n");
      client.type("\u0003");
      client.type("ps -q\r");
      client.untilOutput("0000000000ab\r\n");
      client.type("\u0004");
      assertEquals(0, client.exit());
    }
  }

  @Test
  void shell_onATerminal_runsAContainerInTheForeground() throws Exception {
    try (TestClient client = new TestClient(path).hello(7, Map.of("TERM", "xterm"), "shell")) {
      client.untilOutput("felucca> ");
      client.type("run --rm busybox true\r");
      assertTrue(client.until(Frame.IO));
      client.send(Frame.IO_READY);
      awaitCall("start");
      engine.end(engine.only().record.id(), 0);
      assertTrue(client.until(Frame.IO_END));
      client.send(Frame.IO_DONE);
      client.type("exit\r");
      assertEquals(0, client.exit());
      assertEquals(
          List.of("RAW 1", "RAW 0", "RAW 1", "RAW 0"),
          client.frames.stream().filter(frame -> frame.startsWith("RAW")).toList());
      assertEquals(List.of("shell", "--again"), client.resume);
    }
  }

  // --- the connection

  @Test
  void connection_garbage_isClosedAndOthersAreServed() throws Exception {
    try (TestClient client = new TestClient(path)) {
      client.channel.write(ByteBuffer.wrap(bytes("GET / HTTP/1.1\r\n\r\n")));
      assertEquals(-1, client.exit());
    }
    try (TestClient client = new TestClient(path)) {
      client.send(Frame.STDIN, ByteBuffer.wrap(bytes("x")));
      assertEquals(125, client.exit());
      assertEquals("felucca: the first frame has type 2, not HELLO\n", client.err());
    }
    try (TestClient client = TestClient.call(path, "wait", "nobody")) {
      client.send(99);
      client.exit();
    }
    call("ps");
  }

  @Test
  void connection_unresumableVerbWhenTheShellGoes_isToldToTryAgain() throws Exception {
    try (TestClient client = TestClient.call(path, "image", "import", "-")) {
      assertTrue(client.until(Frame.STDIN_CREDIT));
      closeShell();
      assertEquals(125, client.exit());
      assertEquals("felucca: the shell is being replaced; try again\n", client.err());
    }
    open();
  }

  @Test
  void shell_replacedByItsOwnCommand_finishesTheCommandAndComesBack() throws Exception {
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Function replace =
        (session, words) -> {
          long start = System.nanoTime();
          closeShell();
          open();
          interrupted.complete(Thread.interrupted());
          return "took " + (System.nanoTime() - start) / 1_000_000 / 1000 + " s";
        };
    framework
        .getBundleContext()
        .registerService(
            Function.class,
            replace,
            FrameworkUtil.asDictionary(
                Map.of(
                    CommandProcessor.COMMAND_SCOPE,
                    "test",
                    CommandProcessor.COMMAND_FUNCTION,
                    "replace")));
    try (TestClient client = TestClient.call(path, "shell")) {
      client.type("replace\n");
      client.send(Frame.STDIN_EOF);
      assertEquals(0, client.exit(), client.err());
      assertEquals("took 0 s\n", client.out());
    }
    try (TestClient client = new TestClient(path).hello(7, Map.of("TERM", "xterm"), "shell")) {
      client.untilOutput("felucca> ");
      client.type("replace\r");
      assertEquals(-1, client.exit(), "it must come back instead");
      assertTrue(client.out().contains("took 0 s"), client.out());
      assertEquals(List.of("shell", "--again"), client.resume);
    }
    assertFalse(interrupted.get());
    call("ps");
  }

  @Test
  void ps_warm_isQuick() throws Exception {
    for (int i = 0; i < 20; i++) {
      running("c" + i);
    }
    for (int i = 0; i < 200; i++) {
      call("ps");
    }
    long[] nanos = new long[100];
    for (int i = 0; i < nanos.length; i++) {
      long start = System.nanoTime();
      call("ps");
      nanos[i] = System.nanoTime() - start;
    }
    java.util.Arrays.sort(nanos);
    System.out.printf(
        "ps of 20 containers: median %.2f ms, p90 %.2f ms%n", nanos[50] / 1e6, nanos[90] / 1e6);
    assertTrue(nanos[50] < 20_000_000, nanos[50] + " ns");
  }

  private void awaitCall(String call) throws InterruptedException {
    for (int i = 0; i < 1000 && !engine.calls.contains(call); i++) {
      Thread.sleep(5);
    }
    assertTrue(engine.calls.contains(call), call + " not in " + engine.calls);
  }

  private static int exit(TestClient client) {
    try {
      return client.exit();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
