package org.felucca.shell.verb;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.felix.service.command.CommandSession;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.runtime.RuntimeView;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.session.Services;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import org.felucca.shell.view.Signals;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Completes verbs, options, and the names of containers, images and runtimes. */
final class VerbCompleter implements Completer {
  /** Nobody waits longer for a completion. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final Services services;
  private final CommandSession session;

  VerbCompleter(Services services, CommandSession session) {
    this.services = services;
    this.session = session;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    List<String> before = line.words().subList(0, Math.min(line.wordIndex(), line.words().size()));
    for (String word : candidates(before, line.word())) {
      candidates.add(new Candidate(word));
    }
  }

  /**
   * What can stand next.
   *
   * @param before the words in front of it
   * @param word what is typed of it already
   */
  List<String> candidates(List<String> before, String word) {
    Map<String, Entry> entries = Verbs.all();
    boolean top = true;
    for (int i = 0; i < before.size(); i++) {
      String name = before.get(i);
      if (i == 0 && name.equals(Gogo.SCOPE)) {
        continue;
      }
      if (i == 0 && name.startsWith(Gogo.SCOPE + ":")) {
        name = name.substring(Gogo.SCOPE.length() + 1);
      }
      switch (entries.get(name)) {
        case null -> {
          return List.of();
        }
        case Group group -> {
          entries = group.children();
          top = false;
        }
        case Leaf leaf -> {
          return arguments(leaf, before.subList(i + 1, before.size()), word);
        }
      }
    }
    List<String> names = new ArrayList<>(Dispatch.visible(entries));
    if (top) {
      for (String verb : Gogo.verbs(session)) {
        if (!entries.containsKey(verb) && !verb.equals(Gogo.SCOPE)) {
          names.add(verb);
        }
      }
      names.add("exit");
    }
    return names;
  }

  private List<String> arguments(Leaf leaf, List<String> before, String word) {
    Verb verb = leaf.maker().get();
    CommandLine line = verb.commandLine("", leaf.description());
    OptionSpec open = null;
    int arguments = 0;
    for (String given : before) {
      if (open != null) {
        open = null;
      } else if (given.startsWith("-") && !(verb.stopsAtArgument() && arguments > 0)) {
        OptionSpec option = line.getCommandSpec().findOption(given);
        open = option != null && option.arity().max() > 0 ? option : null;
      } else {
        arguments++;
      }
    }
    if (open != null) {
      return values(open);
    }
    if (word.startsWith("-") && !(verb.stopsAtArgument() && arguments > 0)) {
      return line.getCommandSpec().options().stream()
          .filter(option -> !option.hidden())
          .map(OptionSpec::longestName)
          .toList();
    }
    return named(verb.names(), arguments, verb.stopsAtArgument());
  }

  private List<String> values(OptionSpec option) {
    return switch (option.longestName()) {
      case "--runtime" ->
          ask(
              () ->
                  services
                      .runtimes()
                      .use(any -> true, PATIENCE, runtimes -> runtimes.list())
                      .stream()
                      .map(RuntimeView::name)
                      .toList());
      case "--signal" -> Signals.names();
      case "--format" -> List.of("json");
      case "--tail" -> List.of("all");
      default -> List.of();
    };
  }

  private List<String> named(Names names, int arguments, boolean first) {
    if (first && arguments > 0) {
      return List.of();
    }
    return switch (names) {
      case NONE -> List.of();
      case CONTAINERS -> containers();
      case IMAGE, IMAGES -> images();
      case BOTH -> {
        List<String> both = new ArrayList<>(containers());
        both.addAll(images());
        yield both;
      }
    };
  }

  private List<String> containers() {
    return ask(
        () ->
            services
                .containers()
                .use(any -> true, PATIENCE, containers -> containers.list(scope(), List.of()))
                .stream()
                .map(view -> view.container().name())
                .toList());
  }

  private List<String> images() {
    return ask(
        () ->
            services
                .images()
                .use(any -> true, PATIENCE, images -> images.list(scope(), List.of()))
                .stream()
                .map(image -> ContainerRow.familiar(image.name()))
                .toList());
  }

  private Scope scope() {
    Object name = session.get(Verb.NAMESPACE);
    return Scope.of(name instanceof String text ? new Namespace(text) : Namespace.DEFAULT);
  }

  /** A question to the engine; a completion that can't be had is none. */
  @FunctionalInterface
  private interface Question {
    List<String> answer();
  }

  private static List<String> ask(Question question) {
    try {
      return question.answer();
    } catch (EngineException e) {
      return List.of();
    }
  }
}
