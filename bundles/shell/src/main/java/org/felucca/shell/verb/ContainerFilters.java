package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.ContainerRecord;

/**
 * The filters of {@code ps}: docker's few words are put into containerd's grammar, which the engine
 * reads; the status is not part of a record and is looked at here.
 *
 * @param engine for the engine; a container must match one of them
 * @param statuses of which a container must have one; empty for any
 */
record ContainerFilters(List<String> engine, Set<String> statuses) {
  private static final Set<String> KNOWN =
      Set.of("created", "running", "paused", "pausing", "stopped", "exited", "unknown");

  static ContainerFilters parse(List<String> texts) {
    List<String> engine = new ArrayList<>();
    Set<String> statuses = new TreeSet<>();
    for (String text : texts) {
      if (text.startsWith("status=")) {
        String status = text.substring("status=".length()).toLowerCase(Locale.ROOT);
        if (!KNOWN.contains(status)) {
          throw EngineException.invalid(
              "--filter %s: the status must be created, running, paused or exited".formatted(text));
        }
        statuses.add(status.equals("exited") ? "stopped" : status);
      } else if (text.startsWith("name=") && !text.startsWith("name==")) {
        engine.add(
            label(ContainerRecord.NAME_LABEL) + "~=" + value(text.substring("name=".length())));
      } else if (text.startsWith("label=") && !text.startsWith("label==")) {
        String label = text.substring("label=".length());
        int equals = label.indexOf('=');
        engine.add(
            equals < 0
                ? label(label)
                : label(label.substring(0, equals)) + "==" + value(label.substring(equals + 1)));
      } else {
        engine.add(text);
      }
    }
    return new ContainerFilters(engine, statuses);
  }

  boolean hasStatus() {
    return !statuses.isEmpty();
  }

  boolean accepts(ContainerRow row) {
    return statuses.isEmpty() || statuses.contains(row.status());
  }

  private static String label(String name) {
    return "labels." + Identifiers.quote(name);
  }

  private static String value(String text) {
    return Identifiers.quote(text);
  }
}
