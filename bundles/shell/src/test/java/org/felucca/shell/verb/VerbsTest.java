package org.felucca.shell.verb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/** What holds for every verb. */
class VerbsTest {
  /**
   * A verb as it is typed.
   *
   * @param path its words
   */
  record Typed(String path, Leaf leaf) {
    @Override
    public String toString() {
      return path;
    }
  }

  static Stream<Typed> all() {
    List<Typed> found = new ArrayList<>();
    collect("", Verbs.all(), found);
    return found.stream();
  }

  static Stream<Typed> visible() {
    return all().filter(typed -> !typed.leaf().hidden());
  }

  private static void collect(String before, Map<String, Entry> entries, List<Typed> found) {
    entries.forEach(
        (name, entry) -> {
          switch (entry) {
            case Leaf leaf -> found.add(new Typed(before + name, leaf));
            case Group group -> collect(before + name + " ", group.children(), found);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("visible")
  void help_hasADescriptionOptionsAndExamples(Typed typed) {
    Verb verb = typed.leaf().maker().get();
    CommandLine line = verb.commandLine("felucca " + typed.path(), typed.leaf().description());
    line.setUsageHelpWidth(200);
    String help = line.getUsageMessage(CommandLine.Help.Ansi.OFF);

    assertFalse(typed.leaf().description().isEmpty());
    assertFalse(verb.examples().isEmpty(), "override examples() of " + verb.getClass());
    for (String example : verb.examples()) {
      assertTrue(example.contains("felucca "), example);
      assertTrue(help.contains("  " + example), help);
    }
    for (ArgSpec argument : line.getCommandSpec().args()) {
      assertTrue(
          argument.hidden() || argument.description().length > 0,
          "no description of " + argument + " of " + typed);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void alias_hasTheDescriptionOfWhatItStandsFor(Typed typed) {
    if (!typed.leaf().aliasOf().isEmpty()) {
      int space = typed.path().lastIndexOf(' ');
      String target =
          (space < 0 ? "" : typed.path().substring(0, space + 1)) + typed.leaf().aliasOf();
      Leaf meant =
          all().filter(other -> other.path().equals(target)).findFirst().orElseThrow().leaf();

      assertEquals(meant.description(), typed.leaf().description());
    }
  }

  @Test
  void reference_namesEveryVerbAndAlias() throws Exception {
    String reference = Files.readString(Path.of("../../docs/shell.md"));

    all()
        .filter(typed -> !typed.leaf().description().isEmpty())
        .filter(typed -> !typed.path().startsWith("container "))
        .forEach(
            typed ->
                assertTrue(
                    reference.matches("(?s).*`" + typed.path() + "[` ].*"),
                    "docs/shell.md has no word of " + typed.path()));
    for (String alias : List.of("container ls", "container list", "container ps")) {
      assertTrue(reference.contains("`" + alias + "`"), alias);
    }
  }

  @Test
  void overview_namesEveryVerbAndAlias() {
    String overview = Overview.of(List.of("dance"), 100, false);

    visible()
        .filter(typed -> !typed.path().startsWith("container "))
        .forEach(typed -> assertTrue(overview.contains("  " + typed.path() + " "), typed.path()));
    assertTrue(overview.contains("\nContainers\n  run"), overview);
    assertTrue(overview.contains("\n  container prune "), overview);
    assertFalse(overview.contains("\n  container run "), overview);
    assertTrue(overview.contains("  image ls         List images (images, list)\n"), overview);
    assertTrue(overview.contains("\nFrom other bundles\n  dance\n"), overview);
    overview.lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }
}
