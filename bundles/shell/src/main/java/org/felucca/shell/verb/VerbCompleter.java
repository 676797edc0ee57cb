package org.felucca.shell.verb;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.felix.service.command.CommandSession;
import org.felucca.api.Scope;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.session.Services;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Completes in the interactive shell. */
final class VerbCompleter implements Completer {
  private final Services services;
  private final Supplier<CommandSession> session;
  private final Scope scope;

  /**
   * @param scope where names are looked for
   */
  VerbCompleter(Services services, Supplier<CommandSession> session, Scope scope) {
    this.services = services;
    this.session = session;
    this.scope = scope;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    List<String> before = line.words().subList(0, Math.min(line.wordIndex(), line.words().size()));
    Set<String> others = new HashSet<>(Gogo.verbs(session.get()));
    others.remove(Gogo.SCOPE);
    others.add("exit");
    String word = line.word().substring(0, Math.min(line.wordCursor(), line.word().length()));
    for (Known known : new Completion(services, others, scope).at(before, word).known()) {
      candidates.add(
          new Candidate(
              known.name(),
              known.name(),
              null,
              known.about().isEmpty() ? null : known.about(),
              null,
              null,
              !known.name().endsWith("=") && !known.name().endsWith(":")));
    }
  }
}
