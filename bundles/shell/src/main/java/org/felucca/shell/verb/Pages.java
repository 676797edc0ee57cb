package org.felucca.shell.verb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.shell.page.ManPages;
import org.felucca.shell.page.ShellFiles;
import org.felucca.shell.page.VerbPage;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;

/** The verbs as manual pages and completion files tell of them; run by the build. */
public final class Pages {
  private Pages() {}

  /**
   * Writes them.
   *
   * @param arguments the version, and the folder {@code share} of a distribution
   */
  public static void main(String[] arguments) throws IOException {
    Path share = Path.of(arguments[1]);
    for (Map.Entry<String, String> page : manual(arguments[0]).all().entrySet()) {
      write(share.resolve("man/man1").resolve(page.getKey()), page.getValue());
    }
    for (String shell : ShellFiles.SHELLS) {
      write(share.resolve(ShellFiles.place(shell)), completion().of(shell));
    }
  }

  private static void write(Path file, String text) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.writeString(file, text);
  }

  static ManPages manual(String version) {
    return new ManPages(version, verbs(), groups());
  }

  static ShellFiles completion() {
    return new ShellFiles(verbs(), List.copyOf(groups().keySet()));
  }

  private static List<VerbPage> verbs() {
    List<VerbPage> verbs = new ArrayList<>();
    collect("", Verbs.all(), verbs);
    return verbs;
  }

  private static Map<String, String> groups() {
    Map<String, String> groups = new LinkedHashMap<>();
    Verbs.all()
        .forEach(
            (name, entry) -> {
              if (entry instanceof Group group) {
                groups.put(name, group.description());
              }
            });
    return groups;
  }

  private static void collect(String before, Map<String, Entry> entries, List<VerbPage> verbs) {
    entries.forEach(
        (name, entry) -> {
          switch (entry) {
            case Group group -> collect(before + name + " ", group.children(), verbs);
            // What no person types has no description.
            case Leaf leaf when !leaf.description().isEmpty() ->
                verbs.add(page(before + name, leaf));
            case Leaf leaf -> {}
          }
        });
  }

  private static VerbPage page(String path, Leaf leaf) {
    Verb verb = leaf.maker().get();
    return new VerbPage(
        path,
        leaf.description(),
        verb.commandLine("felucca " + path, leaf.description()).getCommandSpec(),
        List.of(verb.footer()),
        verb.examples(),
        leaf.hidden());
  }
}
