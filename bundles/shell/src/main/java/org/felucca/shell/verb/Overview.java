package org.felucca.shell.verb;

import java.util.Collection;
import java.util.Map;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import org.felucca.shell.view.Table;

/** The list of verbs, one line a verb. */
public final class Overview {
  private Overview() {}

  /**
   * All verbs.
   *
   * @param others verbs that other bundles have added
   * @param columns the width of the terminal
   */
  public static String of(Collection<String> others, int columns) {
    StringBuilder text =
        new StringBuilder("Usage: felucca [-n NAMESPACE] VERB [OPTIONS] [ARGUMENTS]\n\n");
    list(text, "", Verbs.all(), columns);
    if (!others.isEmpty()) {
      text.append("\nFrom other bundles: ").append(String.join(", ", others)).append('\n');
    }
    return text.append("\nfelucca VERB --help says more of a verb.\n").toString();
  }

  /** The verbs of a group. */
  static String of(String path, Group group, int columns) {
    StringBuilder text =
        new StringBuilder("Usage: felucca %s VERB [OPTIONS] [ARGUMENTS]\n\n".formatted(path));
    list(text, "", group.children(), columns);
    return text.append("\nfelucca %s VERB --help says more of a verb.\n".formatted(path))
        .toString();
  }

  private static void list(
      StringBuilder text, String before, Map<String, Entry> entries, int columns) {
    entries.forEach(
        (name, entry) -> {
          switch (entry) {
            case Leaf leaf when !leaf.hidden() ->
                text.append(
                    Table.cut("  %-15s %s".formatted(before + name, leaf.description()), columns)
                        + "\n");
            case Group group when name.equals("container") ->
                text.append(
                    Table.cut("  %-15s %s".formatted(name + " VERB", group.description()), columns)
                        + "\n");
            case Group group -> list(text, name + " ", group.children(), columns);
            case Leaf leaf -> {}
          }
        });
  }
}
