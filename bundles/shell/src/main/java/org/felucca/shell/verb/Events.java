package org.felucca.shell.verb;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.oci.Json;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Table;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Follows what happens. */
final class Events extends Verb {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "lines (for people), json, or a template such as '{{.topic}}'")
  @Nullable String format;

  @Option(
      names = {"-q", "--quiet"},
      description = "topics only")
  boolean quiet;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "FILTER",
      description = "only those that match one, in containerd's grammar, such as 'topic~=/tasks/'")
  List<String> filters = new ArrayList<>();

  @Option(
      names = "--since",
      paramLabel = "NUMBER",
      description =
          "begin behind the event of this number, as far as they are kept; 0 for the oldest")
  @Nullable Long since;

  @Option(
      names = {"-A", "--all-namespaces"},
      description = "those of every namespace")
  boolean all;

  private Format parsed = Format.parse("lines", null);

  @Override
  protected void run() throws Exception {
    parsed = Format.parse("lines", format);
    String mine = scope().namespace().value();
    long position = since == null ? services().events().use(EventLog::position) : since;
    long[] last = {position};
    call().position(resumption(mine, position));
    while (true) {
      try {
        boolean ended = services().events().follow(log -> follow(log, mine, last));
        if (ended) {
          return;
        }
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.UNAVAILABLE || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
    }
  }

  private boolean follow(EventLog log, String mine, long[] last) throws IOException {
    try (EventLog.Subscription subscription = log.subscribe(filters, last[0])) {
      while (true) {
        LoggedEvent event = next(subscription);
        if (event != null) {
          if (all || event.namespace() == null || event.namespace().value().equals(mine)) {
            show(event);
          }
          last[0] = event.sequence();
          call().position(resumption(mine, last[0]));
        }
        if (call().out().checkError()) {
          return true;
        }
      }
    }
  }

  private @Nullable LoggedEvent next(EventLog.Subscription subscription) {
    try {
      return subscription.next(PATIENCE);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.OUT_OF_RANGE) {
        call().err().println("felucca: some events are missing: " + e.getMessage());
        return null;
      }
      throw e;
    }
  }

  private void show(LoggedEvent event) {
    if (quiet) {
      say(event.event().topic());
      return;
    }
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("sequence", event.sequence());
    document.put("at", event.at());
    document.put("namespace", event.namespace());
    document.put("topic", event.event().topic());
    document.put("event", event.event());
    if (parsed.template() != null) {
      Format.say(call(), parsed.line(new Document(document)));
    } else if (parsed.isJson()) {
      json(document);
    } else {
      String details =
          new String(
              Json.bytes(event.event(), Json.Names.SNAKE), java.nio.charset.StandardCharsets.UTF_8);
      say(
          Table.printable(
              "%d %s %s %s %s"
                  .formatted(
                      event.sequence(),
                      event.at(),
                      event.namespace() == null ? "-" : event.namespace(),
                      event.event().topic(),
                      details)));
    }
  }

  private List<String> resumption(String mine, long position) {
    List<String> arguments = new ArrayList<>(List.of("events", "-n", mine));
    filters.forEach(filter -> arguments.addAll(List.of("--filter", filter)));
    if (all) {
      arguments.add("-A");
    }
    if (quiet) {
      arguments.add("-q");
    }
    if (format != null) {
      arguments.addAll(List.of("--format", format));
    }
    arguments.addAll(List.of("--since", Long.toString(position)));
    return arguments;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca events", "felucca events --since 0 -f 'topic~=/tasks/' --format json");
  }
}
