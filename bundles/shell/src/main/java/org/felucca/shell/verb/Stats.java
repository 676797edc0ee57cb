package org.felucca.shell.verb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerView;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.task.TaskUsage;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what containers use, over and over. */
final class Stats extends Listing<StatsRow> {
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int ID_LENGTH = 12;

  /** Back to the corner, with everything gone. */
  private static final String CLEAR = "\033[H\033[2J";

  @Option(
      names = {"-a", "--all"},
      description = "also those that do not run")
  boolean all;

  @Option(names = "--no-stream", description = "once, and that is it")
  boolean once;

  @Parameters(
      arity = "0..*",
      paramLabel = "CONTAINER",
      description = "ids or names (else all that run)")
  List<String> containers = new ArrayList<>();

  private final Map<ContainerId, TaskUsage> before = new HashMap<>();

  @Override
  protected void run() throws Exception {
    samples(); // processor time needs two of them
    do {
      Thread.sleep(INTERVAL);
      super.run();
      if (call().out().checkError()) {
        return;
      }
    } while (!once);
  }

  @Override
  protected List<StatsRow> rows() throws Exception {
    List<StatsRow> rows = samples();
    if (!once && call().isTerminal() && !quiet && format == null) {
      call().out().print(CLEAR);
    }
    return rows;
  }

  /** Asks all of them at once: one that does not answer holds back nobody but itself. */
  private List<StatsRow> samples() throws Exception {
    Scope scope = scope();
    List<Future<StatsRow>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (ContainerRecord container : wanted(scope)) {
        answers.add(threads.submit(() -> sample(scope, container)));
      }
      List<StatsRow> rows = new ArrayList<>();
      for (Future<StatsRow> answer : answers) {
        rows.add(answer.get());
      }
      return rows;
    }
  }

  private List<ContainerRecord> wanted(Scope scope) {
    if (!containers.isEmpty()) {
      return containers.stream().map(this::container).toList();
    }
    return services().containers().use(service -> service.list(scope, List.of())).stream()
        .filter(view -> all || runs(view))
        .map(ContainerView::container)
        .toList()
        .reversed();
  }

  private static boolean runs(ContainerView view) {
    return view.task() != null
        && view.task().status() != TaskStatus.STOPPED
        && view.task().status() != TaskStatus.CREATED;
  }

  private StatsRow sample(Scope scope, ContainerRecord container) {
    try {
      TaskUsage now = services().control().use(control -> control.usage(scope, container.id()));
      synchronized (before) {
        @Nullable TaskUsage last = before.put(container.id(), now);
        return StatsRow.of(container, last, now);
      }
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.FAILED_PRECONDITION && e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      return StatsRow.idle(container);
    }
  }

  @Override
  protected Columns<StatsRow> columns() {
    return new Columns<>(StatsRow.class)
        .column("CONTAINER ID", "ID", this::brief)
        .column("NAME", "Name", StatsRow::name)
        .shrinks()
        .column("CPU %", "CPUPerc", StatsRow::cpuText)
        .column("MEM USAGE / LIMIT", "MemUsage", StatsRow::memoryText)
        .column("MEM %", "MemPerc", StatsRow::memoryPercentText)
        .dispensable()
        .column("NET I/O", "NetIO", StatsRow::networkText)
        .dispensable()
        .column("BLOCK I/O", "BlockIO", StatsRow::blockText)
        .dispensable()
        .column("PIDS", "PIDs", StatsRow::processesText)
        .word("Container", StatsRow::name);
  }

  @Override
  protected String brief(StatsRow row) {
    return whole || row.id().length() <= ID_LENGTH ? row.id() : row.id().substring(0, ID_LENGTH);
  }

  @Override
  protected Names names() {
    return Names.RUNNING;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca stats", "felucca stats --no-stream --format json web");
  }
}
