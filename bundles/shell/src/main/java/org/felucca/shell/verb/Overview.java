package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import org.felucca.shell.view.Style;
import org.felucca.shell.view.Table;

/** The list of verbs under headings, one line a verb. */
public final class Overview {
  private final StringBuilder text = new StringBuilder();
  private final int columns;
  private final boolean coloured;

  private Overview(int columns, boolean coloured) {
    this.columns = columns;
    this.coloured = coloured;
  }

  /**
   * All verbs.
   *
   * @param others verbs that other bundles have added
   * @param columns the width of the terminal
   */
  public static String of(Collection<String> others, int columns, boolean coloured) {
    Overview overview = new Overview(columns, coloured);
    overview.line("Usage: felucca [--socket PATH] [-n NAMESPACE] VERB [OPTIONS] [ARGUMENTS]");
    String section = "";
    for (Map.Entry<String, Entry> entry : Verbs.all().entrySet()) {
      if (!entry.getValue().section().equals(section) && !isHidden(entry.getValue())) {
        section = entry.getValue().section();
        overview.heading(section);
      }
      if (entry.getValue() instanceof Group group) {
        boolean same = entry.getKey().equals("container");
        if (same) {
          overview.entry("", entry.getKey(), group, Verbs.all());
        }
        group
            .children()
            .forEach(
                (name, child) -> {
                  if (!same || !isAlsoAtTheTop(name)) {
                    overview.entry(entry.getKey() + " ", name, child, group.children());
                  }
                });
      } else {
        overview.entry("", entry.getKey(), entry.getValue(), Verbs.all());
      }
    }
    if (!others.isEmpty()) {
      overview.heading("From other bundles");
      overview.line("  " + String.join(", ", others));
    }
    return overview.end("felucca VERB --help says more of a verb, with examples.");
  }

  /** The verbs of a group. */
  static String of(String path, Group group, int columns, boolean coloured) {
    Overview overview = new Overview(columns, coloured);
    overview.line("Usage: felucca %s VERB [OPTIONS] [ARGUMENTS]\n".formatted(path));
    overview.list("", group.children());
    return overview.end("felucca %s VERB --help says more of a verb.".formatted(path));
  }

  private static boolean isAlsoAtTheTop(String name) {
    return Verbs.all().containsKey(name) || name.equals("ls");
  }

  private void list(String before, Map<String, Entry> entries) {
    entries.forEach((name, entry) -> entry(before, name, entry, entries));
  }

  private void entry(String before, String name, Entry entry, Map<String, Entry> siblings) {
    if (isHidden(entry)) {
      return;
    }
    List<String> aliases = new ArrayList<>();
    aliases(Verbs.all(), before + name, aliases);
    if (!before.isEmpty()) {
      aliases(siblings, name, aliases);
    }
    String also = aliases.isEmpty() ? "" : " (%s)".formatted(String.join(", ", aliases));
    String words = before + name + (entry instanceof Group ? " VERB" : "");
    line("  %-16s %s%s".formatted(words, entry.description(), also));
  }

  private static void aliases(Map<String, Entry> entries, String path, List<String> found) {
    entries.forEach(
        (name, entry) -> {
          if (entry instanceof Leaf leaf && leaf.aliasOf().equals(path)) {
            found.add(name);
          }
        });
  }

  private static boolean isHidden(Entry entry) {
    return entry instanceof Leaf leaf && leaf.hidden();
  }

  private void heading(String heading) {
    text.append('\n').append(coloured ? Style.BOLD.on(heading) : heading).append('\n');
  }

  private void line(String line) {
    text.append(Table.cut(line, columns)).append('\n');
  }

  private String end(String line) {
    return text.append('\n').append(line).append('\n').toString();
  }
}
