package org.felucca.shell;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.Attachment;
import org.felucca.api.container.ContainerControl;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerService;
import org.felucca.api.container.ContainerView;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;
import org.felucca.api.container.LogState;
import org.felucca.api.container.ProcessTable;
import org.felucca.api.container.Resources;
import org.felucca.api.container.RestartPolicy;
import org.felucca.api.image.ImageReference;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessDetails;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskCreate;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskState;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.task.TaskUsage;
import org.jspecify.annotations.Nullable;

/** An engine in memory: its containers run until a test ends them. */
final class TestingEngine implements ContainerService, ContainerControl, TaskService {
  /** Of each test its own, so that a slow machine does not make it longer ago. */
  final Instant then = Instant.now().minusSeconds(12_600);

  static final class Container {
    final ContainerRecord record;
    final CreateOptions options;
    final List<byte[]> log = new CopyOnWriteArrayList<>();
    final Map<String, ExecOptions> execs = new ConcurrentHashMap<>();
    volatile CompletableFuture<Exit> exit = new CompletableFuture<>();
    volatile boolean started;

    Container(ContainerRecord record, CreateOptions options) {
      this.record = record;
      this.options = options;
    }
  }

  final Map<String, Container> containers = new ConcurrentHashMap<>(new LinkedHashMap<>());
  final List<String> calls = new CopyOnWriteArrayList<>();
  volatile @Nullable EngineException failStart;
  private int counter;

  Container only() {
    return containers.values().iterator().next();
  }

  void end(ContainerId id, int status) {
    require(id).exit.complete(new Exit(status, Instant.now()));
  }

  private Container require(ContainerId id) {
    Container container = containers.get(id.value());
    if (container == null) {
      throw EngineException.notFound("there is no container " + id);
    }
    return container;
  }

  @Override
  public synchronized ContainerRecord create(Scope scope, CreateOptions options) {
    calls.add("create " + options.root().image() + " in " + scope.namespace());
    if (options.root().image().equals("missing")) {
      throw EngineException.notFound("there is no image missing; felucca image import brings one");
    }
    ContainerId id = new ContainerId(HexFormat.of().toHexDigits(0xabc000L + counter++).repeat(4));
    String name = options.name() == null ? "made-up-" + counter : options.name();
    Map<String, String> labels = new LinkedHashMap<>(options.labels());
    labels.put(ContainerRecord.NAME_LABEL, name);
    String arguments = String.join("\",\"", options.process().command());
    TypedBytes spec =
        new TypedBytes(
            TypedBytes.OCI_SPEC,
            "{\"process\":{\"args\":[\"%s\"]}}"
                .formatted(arguments)
                .getBytes(StandardCharsets.UTF_8));
    ContainerRecord record =
        new ContainerRecord(
            id,
            labels,
            ImageReference.parse(options.root().image()).toString(),
            "crun",
            null,
            spec,
            "overlay",
            "k",
            "",
            then,
            then,
            Map.of());
    containers.put(id.value(), new Container(record, options));
    return record;
  }

  @Override
  public ContainerRecord find(Scope scope, String text) {
    return containers.values().stream()
        .map(container -> container.record)
        .filter(record -> record.name().equals(text) || record.id().value().startsWith(text))
        .findFirst()
        .orElseThrow(() -> EngineException.notFound("there is no container " + text));
  }

  @Override
  public ContainerView inspect(Scope scope, ContainerId id) {
    Container container = require(id);
    Exit exit = container.exit.getNow(null);
    TaskState task =
        container.started
            ? new TaskState(
                id,
                "",
                42,
                exit == null ? TaskStatus.RUNNING : TaskStatus.STOPPED,
                ProcessIo.NONE,
                exit,
                "/b")
            : null;
    return new ContainerView(
        container.record,
        task,
        container.started ? then : null,
        container.options.process().command());
  }

  @Override
  public List<ContainerView> list(Scope scope, List<String> filters) {
    calls.add("list " + filters);
    return containers.values().stream()
        .map(container -> inspect(scope, container.record.id()))
        .sorted((a, b) -> a.container().id().compareTo(b.container().id()))
        .toList();
  }

  @Override
  public Attachment attach(Scope scope, ContainerId id) {
    CreateOptions options = require(id).options;
    return new Attachment(
        options.process().stdin() ? "/f/in" : null,
        "/f/out",
        options.process().terminal() ? null : "/f/err",
        options.process().terminal());
  }

  @Override
  public int start(Scope scope, ContainerId id) {
    calls.add("start");
    EngineException failure = failStart;
    if (failure != null) {
      throw failure;
    }
    require(id).started = true;
    return 42;
  }

  @Override
  public CompletableFuture<Exit> exit(Scope scope, ContainerId id) {
    return require(id).exit.copy();
  }

  @Override
  public String exec(Scope scope, ContainerId id, ExecOptions options) {
    require(id).execs.put("e1", options);
    return "e1";
  }

  @Override
  public Attachment execAttachment(Scope scope, ContainerId id, String execId) {
    ExecOptions options = require(id).execs.get(execId);
    return new Attachment(options.stdin() ? "/e/in" : null, "/e/out", "/e/err", options.terminal());
  }

  @Override
  public int startExec(Scope scope, ContainerId id, String execId) {
    calls.add("startExec " + execId);
    return 43;
  }

  @Override
  public Exit deleteExec(Scope scope, ContainerId id, String execId) {
    calls.add("deleteExec " + execId);
    return new Exit(0, Instant.now());
  }

  @Override
  public Exit stop(
      Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    calls.add("stop " + signal + " " + (grace == null ? "its own" : grace.toSeconds()));
    end(id, 143);
    return new Exit(143, Instant.now());
  }

  @Override
  public void remove(Scope scope, ContainerId id, boolean force) {
    Container container = require(id);
    if (container.started && !container.exit.isDone() && !force) {
      throw EngineException.precondition(
          "container " + id.shortForm() + " runs; stop it or use -f");
    }
    calls.add("remove " + container.record.name());
    containers.remove(id.value());
  }

  /** Positions are line numbers. */
  @Override
  public void logs(Scope scope, ContainerId id, LogQuery query, LogSink sink) {
    calls.add("logs tail=" + query.tail() + " from=" + query.from());
    Container container = require(id);
    int next = (int) query.from();
    if (query.tail() >= 0) {
      next = Math.max(next, container.log.size() - (int) query.tail());
    }
    while (true) {
      while (next < container.log.size()) {
        byte[] line = container.log.get(next++);
        sink.text(line[0] == 'E', line, line.length, next);
      }
      if (!query.follow() || container.exit.isDone()) {
        return;
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw EngineException.cancelled("interrupted");
      }
    }
  }

  @Override
  public LogState logState(Scope scope, ContainerId id) {
    require(id);
    return new LogState("cri", Map.of("max-size", "64m"), "/var/log/it", 1, 100, 0, 0, 0, 0);
  }

  @Override
  public int create(Scope scope, ContainerId id, TaskCreate create) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int run(Scope scope, ContainerId id, TaskCreate create) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int start(Scope scope, ContainerId id, String execId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void exec(Scope scope, ContainerId id, String execId, TypedBytes process, ProcessIo io) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void kill(Scope scope, ContainerId id, String execId, int signal, boolean all) {
    require(id);
    calls.add("kill " + execId + " " + signal);
  }

  @Override
  public TaskState get(Scope scope, ContainerId id, String execId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<TaskState> list(Scope scope) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Exit> exit(Scope scope, ContainerId id, String execId) {
    return require(id).exit.copy();
  }

  @Override
  public Exit delete(Scope scope, ContainerId id, String execId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<ProcessDetails> pids(Scope scope, ContainerId id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void pause(Scope scope, ContainerId id) {
    calls.add("pause " + require(id).record.name());
  }

  @Override
  public void unpause(Scope scope, ContainerId id) {
    calls.add("unpause " + require(id).record.name());
  }

  @Override
  public void kill(Scope scope, ContainerId id, int signal) {
    calls.add("kill " + require(id).record.name() + " " + signal);
  }

  @Override
  public int restart(
      Scope scope, ContainerId id, @Nullable Integer signal, @Nullable Duration grace) {
    calls.add("restart " + require(id).record.name() + " " + signal + " " + grace);
    return 1;
  }

  @Override
  public void rename(Scope scope, ContainerId id, String name) {
    calls.add("rename " + require(id).record.name() + " " + name);
  }

  @Override
  public void update(
      Scope scope, ContainerId id, Resources limits, @Nullable RestartPolicy restart) {
    calls.add("update " + require(id).record.name() + " " + limits.memory() + " " + restart);
  }

  @Override
  public ProcessTable top(Scope scope, ContainerId id, List<String> options) {
    calls.add("top " + require(id).record.name() + " " + options);
    return new ProcessTable(List.of("PID", "CMD"), List.of(List.of("7", "sleep 1")));
  }

  @Override
  public void resume(Scope scope, ContainerId id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void resize(Scope scope, ContainerId id, String execId, int columns, int rows) {
    calls.add("resize " + columns + "x" + rows);
  }

  @Override
  public void closeStdin(Scope scope, ContainerId id, String execId) {
    calls.add("closeStdin " + execId);
  }

  @Override
  public void checkpoint(Scope scope, ContainerId id, String folder, @Nullable TypedBytes options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void update(
      Scope scope, ContainerId id, TypedBytes resources, Map<String, String> annotations) {
    throw new UnsupportedOperationException();
  }

  @Override
  public TaskUsage usage(Scope scope, ContainerId id) {
    if (!require(id).started) {
      throw EngineException.precondition("it does not run");
    }
    // Half a processor, by whatever the clock says.
    Instant now = Instant.now();
    long cpu = Duration.between(then, now).toNanos() / 2;
    return new TaskUsage(
        now, cpu, cpu, 0, 0, 32 << 20, 64 << 20, 1000, 2000, 3, Long.MAX_VALUE, 4000, 5000);
  }

  @Override
  public TypedBytes metrics(Scope scope, ContainerId id) {
    throw new UnsupportedOperationException();
  }
}
