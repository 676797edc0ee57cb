package org.felucca.shell.verb;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerView;
import picocli.CommandLine.Option;

/** Removes every container that has ended or never was started. */
final class ContainerPrune extends Verb {
  @Option(
      names = {"-f", "--force"},
      description = "do not ask")
  boolean force;

  @Option(
      names = "--filter",
      paramLabel = "FILTER",
      description =
          "only those that match all: until=24h or until=TIME (made before), label=NAME[=VALUE], label!=NAME[=VALUE]")
  List<String> filters = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Predicate<ContainerRecord> wanted = wanted(filters, Instant.now());
    Scope scope = scope();
    if (!force && !confirmed("removes every container that does not run")) {
      return;
    }
    List<Exception> failures = new ArrayList<>();
    for (ContainerView view : services().containers().use(c -> c.list(scope, List.of()))) {
      ContainerRecord container = view.container();
      if (ContainerRow.of(view).isActive() || !wanted.test(container)) {
        continue;
      }
      try {
        if (removed(scope, container)) {
          say(container.id().value());
        }
      } catch (EngineException e) {
        failures.add(e);
      }
    }
    report(failures);
  }

  private boolean removed(Scope scope, ContainerRecord container) {
    try {
      return services()
          .containers()
          .use(
              service -> {
                service.remove(scope, container.id(), false);
                return true;
              });
    } catch (EngineException e) {
      // Started or removed by somebody else meanwhile, or of another client.
      if (e.kind() == ErrorKind.FAILED_PRECONDITION || e.kind() == ErrorKind.NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  static Predicate<ContainerRecord> wanted(List<String> filters, Instant now) {
    Predicate<ContainerRecord> all = container -> true;
    for (String filter : filters) {
      if (filter.startsWith("until=")) {
        Instant until = until(filter, filter.substring("until=".length()), now);
        all = all.and(container -> container.createdAt().isBefore(until));
      } else if (filter.startsWith("label!=")) {
        all = all.and(label(filter.substring("label!=".length())).negate());
      } else if (filter.startsWith("label=")) {
        all = all.and(label(filter.substring("label=".length())));
      } else {
        throw EngineException.invalid(
            "--filter %s: there are until=, label= and label!=".formatted(filter));
      }
    }
    return all;
  }

  private static Predicate<ContainerRecord> label(String text) {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    return equals < 0
        ? container -> container.labels().containsKey(name)
        : container -> text.substring(equals + 1).equals(container.labels().get(name));
  }

  private static Instant until(String filter, String text, Instant now) {
    if (text.matches("[0-9]{1,10}")) {
      return Instant.ofEpochSecond(Long.parseLong(text));
    }
    if (text.matches("[0-9]{1,6}[dhms]([0-9]{1,6}[hms])*")) {
      return now.minus(Spans.parse("--filter until=", text));
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "--filter %s: %s is no time; write 24h, 2026-01-31T12:00:00Z or the seconds since 1970"
              .formatted(filter, Identifiers.quote(text)),
          e);
    }
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca container prune",
        "felucca container prune -f --filter until=24h   # only those made a day ago or earlier");
  }
}
