package org.felucca.contracts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.event.Event;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.api.shim.ShimService;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.linux.Cgroups;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.Fifos;
import org.felucca.linux.FileData;
import org.felucca.linux.MountTable;
import org.felucca.linux.OpenFlags;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;

/** A root file system of busybox, shims, and the containers that a test makes of them. */
final class RuntimeBench implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final List<String> COMMANDS =
      List.of("sh", "sleep", "echo", "seq", "cat", "stty", "true");

  /** Opens shims, see {@link RuntimeContract#open}. */
  @FunctionalInterface
  interface Opener {
    RuntimeContract.OpenShims open(
        Path root, Path state, String address, ServerSocketChannel events);
  }

  private final Path folder;
  private final Path rootfs;
  private final Path state;
  private final String address;
  private final String cgroup;
  private final Opener opener;
  private final Runtime runtime;
  private final Namespace namespace = new Namespace("contract");
  private final RecordedEvents events = new RecordedEvents();
  private final ServerSocketChannel listening;
  private final List<Container> containers = new ArrayList<>();
  private RuntimeContract.@Nullable OpenShims shims;

  RuntimeBench(Path folder, Opener opener, Function<Path, Runtime> runtimes) throws IOException {
    this.folder = folder;
    this.opener = opener;
    this.state = Files.createDirectory(folder.resolve("state"));
    Files.createDirectory(folder.resolve("root"));
    this.rootfs = Files.createDirectory(folder.resolve("rootfs"));
    this.address = folder.resolve("e.sock").toString();
    this.cgroup = "/felucca-contract-" + ProcessHandle.current().pid();
    this.runtime = runtimes.apply(state);
    Path bin = Files.createDirectory(rootfs.resolve("bin"));
    for (String mountPoint : List.of("proc", "dev")) {
      Files.createDirectory(rootfs.resolve(mountPoint));
    }
    Files.copy(Path.of("/usr/bin/busybox"), bin.resolve("busybox"));
    for (String command : COMMANDS) {
      Files.createSymbolicLink(bin.resolve(command), Path.of("busybox"));
    }
    this.listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(address + ".ttrpc"));
    openShims();
  }

  void openShims() {
    shims = opener.open(folder.resolve("root"), state, address, listening);
  }

  void closeShims() {
    Objects.requireNonNull(shims).close();
    shims = null;
  }

  ShimService shims() {
    return Objects.requireNonNull(shims).service();
  }

  Runtime runtime() {
    return runtime;
  }

  Namespace namespace() {
    return namespace;
  }

  Path rootfs() {
    return rootfs;
  }

  RecordedEvents events() {
    return events;
  }

  // Specs

  byte[] spec(String script, boolean terminal) {
    return document(List.of("/bin/sh", "-c", script), terminal);
  }

  byte[] specOf(List<String> command) {
    return document(command, false);
  }

  TypedBytes process(String script, boolean terminal) {
    return new TypedBytes(
        TypedBytes.OCI_PROCESS, utf8(processJson(List.of("/bin/sh", "-c", script), terminal)));
  }

  TypedBytes processOf(List<String> command) {
    return new TypedBytes(TypedBytes.OCI_PROCESS, utf8(processJson(command, false)));
  }

  private byte[] document(List<String> command, boolean terminal) {
    return utf8(
        """
        {"ociVersion":"1.0.0","hostname":"contract","process":%s,"root":{"path":"rootfs"},
        "mounts":[
        {"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","mode=755"]},
        {"destination":"/dev/pts","type":"devpts","source":"devpts",
        "options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620"]}],
        "linux":{"cgroupsPath":"CGROUP","namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},
        {"type":"mount"}]}}"""
            .formatted(processJson(command, terminal)));
  }

  private static String processJson(List<String> command, boolean terminal) {
    return """
        {"terminal":%s,"user":{"uid":0,"gid":0},"cwd":"/","env":["PATH=/bin"],"args":[%s],
        "noNewPrivileges":true,"capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],
        "permitted":["CAP_KILL"]}}"""
        .formatted(
            terminal,
            command.stream()
                .map(word -> '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",")));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  // Containers

  Shim launch(String id, byte[] spec) {
    String text = new String(spec, StandardCharsets.UTF_8).replace("CGROUP", cgroup + "/" + id);
    return shims()
        .launch(
            new ShimLaunch(
                namespace,
                new ContainerId(id),
                "contract",
                runtime.shim(),
                runtime.options(),
                null,
                utf8(text),
                PATIENCE));
  }

  TaskCreate taskCreate(ProcessIo io) {
    return new TaskCreate(
        List.of(new Mount("bind", rootfs.toString(), "", List.of("rbind", "rw"))), io, null, null);
  }

  /** A container that is created and not started. */
  Container create(String id, String script) throws IOException {
    return new Container(id, script, false, false);
  }

  /** With standard input. */
  Container createInteractive(String id, String script) throws IOException {
    return new Container(id, script, true, false);
  }

  /** With a terminal. */
  Container createTerminal(String id, String script) throws IOException {
    return new Container(id, script, true, true);
  }

  /** One that runs until it is killed. */
  Container running(String id) throws IOException {
    Container container = create(id, "sleep 1000");
    container.shim().start("");
    return container;
  }

  /** A container of the test; closing it ends whatever is left of it. */
  final class Container implements AutoCloseable {
    private final Output out;
    private final Output err;
    private final @Nullable Descriptor in;
    private final int pid;
    private Shim shim;
    private boolean ended;
    private boolean forgotten;

    Container(String id, String script, boolean interactive, boolean terminal) throws IOException {
      out = new Output(id + "-out");
      err = new Output(id + "-err");
      String stdin = "";
      if (interactive) {
        stdin = fifo(id + "-in");
        in = Fifos.open(stdin, OpenFlags.O_RDWR);
      } else {
        in = null;
      }
      shim = launch(id, spec(script, terminal));
      containers.add(this);
      pid =
          shim.create(
              taskCreate(new ProcessIo(stdin, out.path(), terminal ? "" : err.path(), terminal)));
      assertTrue(pid > 0);
    }

    Shim shim() {
      return shim;
    }

    int pid() {
      return pid;
    }

    /** Goes on with another connection. */
    void take(Shim other) {
      shim = other;
    }

    Exit end() {
      Exit exit = get(shim.exit(""));
      ended = true;
      return exit;
    }

    /** All of its output if it has ended, else what came so far. */
    String stdout() {
      return ended ? out.text() : out.soFar();
    }

    String stderr() {
      return ended ? err.text() : err.soFar();
    }

    void awaitOutput(String start) {
      await("output " + start, () -> out.soFar().startsWith(start));
    }

    void write(String text) {
      FileData.write(Objects.requireNonNull(in), ByteBuffer.wrap(utf8(text)));
    }

    /** Nothing is left of it already. */
    void forget() {
      forgotten = true;
      closeStreams();
    }

    @Override
    public void close() {
      if (forgotten) {
        return;
      }
      forgotten = true;
      try {
        CompletableFuture<Exit> exit = shim.exit("");
        if (goneIs(() -> shim.kill("", 9, true))) {
          // Never started: it goes with Delete. Or ended already.
          goneIs(() -> shim.delete(""));
        } else {
          get(exit);
          shim.delete("");
        }
        shim.shutdown();
      } catch (RuntimeException | AssertionError e) {
        shim.destroy();
        throw e;
      } finally {
        closeStreams();
      }
    }

    /** Whether it was refused since there is no such process. */
    private static boolean goneIs(Runnable call) {
      try {
        call.run();
        return false;
      } catch (EngineException e) {
        assertEquals(ErrorKind.NOT_FOUND, e.kind(), e.toString());
        return true;
      }
    }

    /** Ends standard input on the client's side. */
    void closeInput() {
      Objects.requireNonNull(in).close();
    }

    private void closeStreams() {
      out.close();
      err.close();
      if (in != null) {
        in.close();
      }
    }
  }

  private String fifo(String name) {
    try (Dir dir = Dir.open(folder.toString())) {
      Fifos.make(dir, name, 0600);
    }
    return folder.resolve(name).toString();
  }

  Output output(String name) {
    return new Output(name);
  }

  /** A fifo, and what comes out of it. */
  final class Output implements AutoCloseable {
    private final String path;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Thread reader;

    Output(String name) {
      path = fifo(name);
      reader = Thread.ofPlatform().daemon().name("contract-" + name).start(this::read);
    }

    private void read() {
      try (InputStream in = Files.newInputStream(Path.of(path))) {
        byte[] chunk = new byte[65536];
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
          synchronized (bytes) {
            bytes.write(chunk, 0, count);
          }
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    String path() {
      return path;
    }

    String soFar() {
      synchronized (bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
      }
    }

    /** All of it, once every writer has closed it. */
    String text() {
      try {
        assertTrue(reader.join(PATIENCE), "the shim closes " + path);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return soFar();
    }

    /** Lets a reader go that waits for a first writer. */
    @Override
    public void close() {
      if (reader.isAlive()) {
        Fifos.open(path, OpenFlags.O_RDWR).close();
      }
      try {
        Files.deleteIfExists(Path.of(path));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  // Facts

  /** The limit of processes in a container's cgroup, in whichever hierarchy it is. */
  long pidsLimit(String id) throws IOException {
    for (String controller : List.of("/sys/fs/cgroup/pids", "/sys/fs/cgroup")) {
      Path file = Path.of(controller + cgroup + "/" + id + "/pids.max");
      if (Files.exists(file)) {
        String text = Files.readString(file).strip();
        return text.equals("max") ? -1 : Long.parseLong(text);
      }
    }
    throw new AssertionError("no cgroup with pids.max for " + id);
  }

  private static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited in vain: " + what);
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** No folder, process, mount, cgroup or socket of a container stays. */
  void assertNothingLeft(String id, int shimPid) throws IOException {
    Path bundle = state.resolve("io.containerd.runtime.v2.task/contract/" + id);
    assertFalse(Files.exists(bundle), bundle.toString());
    assertFalse(Files.exists(folder.resolve("root/io.containerd.runtime.v2.task/contract/" + id)));
    assertEquals(List.of(), MountTable.read().mountsBelow(bundle.toString()));
    assertFalse(ProcessId.of(shimPid).map(ProcessId::alive).orElse(false), "shim " + shimPid);
    assertFalse(Cgroups.detect().exists(cgroup + "/" + id), "cgroup of " + id);
    Path states = Path.of(runtime.options().root(), "contract", id);
    assertFalse(Files.exists(states), states.toString());
  }

  @Override
  public void close() throws IOException {
    try {
      containers.forEach(Container::close);
    } finally {
      if (shims == null) {
        openShims();
      }
      // After a failed test there may be containers that nobody holds any more.
      for (FoundShim found : shims().recover()) {
        if (found instanceof FoundShim.Live live) {
          live.shim().destroy();
        }
      }
      closeShims();
    }
    listening.close();
    Cgroups.detect().remove(cgroup, Duration.ofSeconds(5));
  }

  /** What shims reported. */
  static final class RecordedEvents {
    private final List<Event> all = new ArrayList<>();

    void took(Namespace from, Event event) {
      assertEquals("contract", from.value());
      synchronized (all) {
        all.add(event);
        all.notifyAll();
      }
    }

    /** The events of a container up to the first of this type. */
    List<Event> await(String id, Class<? extends Event> last) throws InterruptedException {
      long end = System.nanoTime() + PATIENCE.toNanos();
      synchronized (all) {
        while (true) {
          List<Event> own = all.stream().filter(event -> id.equals(containerOf(event))).toList();
          if (own.stream().anyMatch(last::isInstance)) {
            return own;
          }
          long rest = (end - System.nanoTime()) / 1_000_000;
          assertTrue(rest > 0, "no " + last.getSimpleName() + " among " + all);
          all.wait(rest);
        }
      }
    }

    private static String containerOf(Event event) {
      return switch (event) {
        case Event.TaskCreated e -> e.containerId();
        case Event.TaskStart e -> e.containerId();
        case Event.TaskExit e -> e.containerId();
        case Event.TaskDelete e -> e.containerId();
        case Event.TaskExecAdded e -> e.containerId();
        case Event.TaskExecStarted e -> e.containerId();
        case Event.TaskPaused e -> e.containerId();
        case Event.TaskResumed e -> e.containerId();
        default -> "";
      };
    }
  }
}
