package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.oci.filter.Fields;
import org.felucca.shell.view.Style;
import org.felucca.shell.view.Table;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Lists containers. */
final class Ps extends Listing<ContainerRow> {
  private static final int ID_LENGTH = 12;
  private static final int COMMAND_WIDTH = 30;
  private static final Set<String> STATUSES =
      Set.of(
          "created", "running", "paused", "pausing", "restarting", "stopped", "exited", "unknown");

  @Option(
      names = {"-a", "--all"},
      description = "also those that do not run")
  boolean all;

  @Option(
      names = {"-l", "--latest"},
      description = "only the one that was made last, in whatever state")
  boolean latest;

  @Option(
      names = "--last",
      paramLabel = "COUNT",
      description =
          "only so many that were made last, in whatever state; -n COUNT does it as well, as docker has it")
  @Nullable Integer last;

  @Option(
      names = {"-s", "--size"},
      description = "also what each has written into its own files; looks at them all")
  boolean size;

  @Override
  protected List<ContainerRow> rows() {
    Scope scope = scope();
    return services().containers().use(containers -> containers.list(scope, List.of())).stream()
        .map(
            view ->
                size
                    ? ContainerRow.of(view).withSize(size(scope, view.container()))
                    : ContainerRow.of(view))
        .toList()
        .reversed();
  }

  /** What it has written itself; null if nobody knows. */
  private @Nullable Long size(Scope scope, ContainerRecord container) {
    if (container.snapshotKey().isEmpty()) {
      return null;
    }
    try {
      return services()
          .snapshots()
          .use(
              snapshots -> snapshots.usage(scope, container.snapshotter(), container.snapshotKey()))
          .bytes();
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.UNAVAILABLE || e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      return null;
    }
  }

  @Override
  protected void run() throws Exception {
    // docker's -n is a number, where -n names a namespace everywhere else.
    if (last == null && namespace != null && namespace.matches("[0-9]{1,9}|-1")) {
      last = Integer.valueOf(namespace);
      namespace = null;
    }
    if (last != null && last < -1) {
      throw EngineException.invalid("--last " + last + " must be a number of containers");
    }
    size |= format != null && format.contains(".Size");
    super.run();
  }

  @Override
  protected List<ContainerRow> select(
      List<ContainerRow> matching, RowFilters<ContainerRow> parsed) {
    if (latest || last != null) {
      long limit = latest ? 1 : last == null || last < 0 ? Long.MAX_VALUE : last;
      return matching.stream().limit(limit).toList();
    }
    return all || parsed.names("status")
        ? matching
        : matching.stream().filter(ContainerRow::isActive).toList();
  }

  @Override
  protected Columns<ContainerRow> columns() {
    Instant now = Instant.now();
    Columns<ContainerRow> columns =
        new Columns<>(ContainerRow.class)
            .column("CONTAINER ID", "ID", this::brief)
            .column("IMAGE", "Image", ContainerRow::imageText)
            .shrinks()
            .column("COMMAND", "Command", this::command)
            .shrinks()
            .dispensable()
            .column("CREATED", "RunningFor", row -> Words.ago(row.createdAt(), now))
            .dispensable()
            .column("STATUS", "Status", row -> row.statusText(now))
            .shrinks()
            .style(Ps::style)
            .column("RUNTIME", "Runtime", ContainerRow::runtime)
            .dispensable()
            .column("NAMES", "Names", ContainerRow::name)
            .shrinks();
    if (size) {
      columns.column("SIZE", "Size", row -> row.size() == null ? "" : Words.bytes(row.size()));
    }
    return columns
        .word("State", row -> row.status().equals("stopped") ? "exited" : row.status())
        .word("CreatedAt", row -> row.createdAt().toString())
        .word("Labels", row -> Words.pairs(row.labels()));
  }

  private String command(ContainerRow row) {
    String command = "\"" + String.join(" ", row.command()) + "\"";
    return whole ? command : Table.cut(command, COMMAND_WIDTH);
  }

  private static Style style(ContainerRow row) {
    return switch (row.status()) {
      case "running" -> "unhealthy".equals(row.health()) ? Style.BAD : Style.GOOD;
      case "paused", "pausing", "restarting" -> Style.WARNING;
      case "stopped" -> row.exitStatus() == null || row.exitStatus() == 0 ? Style.DIM : Style.BAD;
      default -> Style.DIM;
    };
  }

  @Override
  protected String brief(ContainerRow row) {
    return whole || row.id().length() <= ID_LENGTH ? row.id() : row.id().substring(0, ID_LENGTH);
  }

  @Override
  protected List<String> habits() {
    return List.of("ancestor", "before", "exited", "since");
  }

  @Override
  protected @Nullable Predicate<ContainerRow> habit(String key, String value) {
    return switch (key) {
      case "status" -> {
        String status = value.toLowerCase(Locale.ROOT);
        if (!STATUSES.contains(status)) {
          throw EngineException.invalid(
              "--filter status=%s: the status must be created, running, paused, restarting or exited"
                  .formatted(value));
        }
        String own = status.equals("exited") ? "stopped" : status;
        yield row -> row.status().equals(own);
      }
      case "ancestor", "image" -> {
        String name = ContainerRow.familiar(value);
        yield row ->
            row.image().equals(value)
                || row.imageText().equals(name)
                || row.imageText().startsWith(name + ":");
      }
      case "exited" -> {
        if (!value.matches("[0-9]{1,3}")) {
          throw EngineException.invalid(
              "--filter exited=%s: the status of a program must be a number".formatted(value));
        }
        yield row -> row.exitStatus() != null && row.exitStatus() == Integer.parseInt(value);
      }
      case "before" -> {
        Instant then = container(value).createdAt();
        yield row -> row.createdAt().isBefore(then);
      }
      case "since" -> {
        Instant then = container(value).createdAt();
        yield row -> row.createdAt().isAfter(then);
      }
      default -> null;
    };
  }

  @Override
  protected List<String> values(String key) {
    return key.equals("status") ? List.of("created", "running", "paused", "exited") : List.of();
  }

  /** containerd calls the runtime {@code runtime.name}. */
  @Override
  protected Fields moreFields(ContainerRow row) {
    return path ->
        path.equals(List.of("runtime", "name"))
            ? java.util.Optional.of(row.runtime())
            : java.util.Optional.empty();
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca ps -a",
        "felucca ps -q -f status=exited   # ids of those that ended",
        "felucca ps --format 'table {{.Names}}\\t{{.Status}}'",
        "felucca ps -f 'labels.tier==web,image~=busybox'   # containerd's grammar");
  }
}
