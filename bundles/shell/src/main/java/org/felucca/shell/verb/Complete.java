package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.verb.Completion.Candidates;
import org.felucca.shell.view.Table;
import picocli.CommandLine.Parameters;

/**
 * What the completion files for bash, zsh and fish ask: the words of a line so far, the last of
 * them the one to complete. It answers with a candidate a line, a tab and what it is; the line
 * {@code :files} says that files and folders fit, too.
 */
final class Complete extends Verb {
  @Parameters(arity = "0..*", paramLabel = "WORD", description = "the words so far")
  List<String> words = new ArrayList<>();

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected void run() {
    Set<String> others = new HashSet<>(Gogo.verbs(call().session()));
    others.remove(Gogo.SCOPE);
    String word = words.isEmpty() ? "" : words.getLast();
    List<String> before = words.isEmpty() ? words : words.subList(0, words.size() - 1);
    Candidates candidates = new Completion(services(), others, scope()).at(before, word);
    StringBuilder text = new StringBuilder();
    for (Known known : candidates.known()) {
      text.append(Table.printable(known.name()));
      if (!known.about().isEmpty()) {
        text.append('\t').append(Table.printable(known.about()));
      }
      text.append('\n');
    }
    if (candidates.files()) {
      text.append(":files\n");
    }
    call().out().print(text);
  }
}
