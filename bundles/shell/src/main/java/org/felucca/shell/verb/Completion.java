package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.shell.session.Gogo;
import org.felucca.shell.session.Services;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** What can stand next on a command line. */
final class Completion {
  /**
   * What can.
   *
   * @param known the words
   * @param files whether it is a file or folder, too
   */
  record Candidates(List<Known> known, boolean files) {
    static final Candidates NONE = new Candidates(List.of(), false);
    static final Candidates FILES = new Candidates(List.of(), true);

    static Candidates of(List<Known> known) {
      return new Candidates(known, false);
    }
  }

  private final Services services;
  private final Set<String> others;
  private Scope scope;

  /**
   * @param others the verbs of other bundles
   * @param scope where names are looked for, if the line does not say
   */
  Completion(Services services, Set<String> others, Scope scope) {
    this.services = services;
    this.others = others;
    this.scope = scope;
  }

  /**
   * What begins with a word.
   *
   * @param before the words in front of it
   * @param word what is typed of it already
   */
  Candidates at(List<String> before, String word) {
    Candidates all = next(before, word);
    return new Candidates(
        all.known().stream().filter(known -> known.name().startsWith(word)).distinct().toList(),
        all.files());
  }

  private Candidates next(List<String> before, String word) {
    Map<String, Entry> entries = Verbs.all();
    boolean top = true;
    int i = 0;
    while (i < before.size()) {
      String name = before.get(i++);
      if (top && (name.equals("-n") || name.equals("--namespace"))) {
        if (i == before.size()) {
          return Candidates.of(names(Names.NAMESPACES));
        }
        enter(before.get(i++));
        continue;
      }
      if (top && name.startsWith("--namespace=")) {
        enter(name.substring("--namespace=".length()));
        continue;
      }
      if (top && name.equals(Gogo.SCOPE)) {
        continue;
      }
      if (top && name.equals("help")) {
        return Candidates.of(verbs(path(before.subList(i, before.size())), false));
      }
      if (top && name.startsWith(Gogo.SCOPE + ":")) {
        name = name.substring(Gogo.SCOPE.length() + 1);
      }
      switch (entries.get(name)) {
        case null -> {
          return Candidates.NONE;
        }
        case Group group -> {
          entries = group.children();
          top = false;
        }
        case Leaf leaf -> {
          return arguments(leaf, before.subList(i, before.size()), word);
        }
      }
    }
    if (word.startsWith("-")) {
      return top
          ? Candidates.of(List.of(Known.of("--namespace"), Known.of("--help")))
          : Candidates.of(List.of(Known.of("--help")));
    }
    return Candidates.of(verbs(entries, top));
  }

  private static Map<String, Entry> path(List<String> words) {
    Map<String, Entry> entries = Verbs.all();
    for (String word : words) {
      entries = entries.get(word) instanceof Group group ? group.children() : Map.of();
    }
    return entries;
  }

  private List<Known> verbs(Map<String, Entry> entries, boolean top) {
    List<Known> verbs = new ArrayList<>();
    for (String name : Dispatch.visible(entries)) {
      Entry entry = entries.get(name);
      verbs.add(new Known(name, entry == null ? "" : entry.description()));
    }
    if (top) {
      others.stream().filter(verb -> !entries.containsKey(verb)).map(Known::of).forEach(verbs::add);
    }
    return verbs;
  }

  private void enter(String namespace) {
    try {
      scope = Scope.of(new Namespace(namespace));
    } catch (EngineException malformed) {
      // The names are those of the namespace before.
    }
  }

  private Candidates arguments(Leaf leaf, List<String> before, String word) {
    Verb verb = leaf.maker().get();
    CommandLine line = verb.commandLine("", leaf.description());
    OptionSpec open = null;
    Set<OptionSpec> given = new HashSet<>();
    int arguments = 0;
    boolean ended = false;
    for (String text : before) {
      if (open != null) {
        if (open.longestName().equals("--namespace")) {
          enter(text);
        }
        open = null;
      } else if (text.equals("--") && !ended) {
        ended = true;
      } else if (text.startsWith("-")
          && !text.equals("-")
          && !ended
          && !(verb.stopsAtArgument() && arguments > 0)) {
        OptionSpec option = option(line, text);
        if (option != null) {
          given.add(option);
          open = text.indexOf('=') < 0 && option.arity().max() > 0 ? option : null;
        }
      } else {
        arguments++;
      }
    }
    if (open != null) {
      return values(verb, open, word);
    }
    if (!ended && word.startsWith("-") && !(verb.stopsAtArgument() && arguments > 0)) {
      return options(verb, line, given, word);
    }
    return arguments(verb, line, given, arguments, word);
  }

  private Candidates arguments(
      Verb verb, CommandLine line, Set<OptionSpec> given, int arguments, String word) {
    for (PositionalParamSpec argument : line.getCommandSpec().positionalParameters()) {
      if (argument.completionCandidates() != null && argument.index().contains(arguments)) {
        List<Known> values = new ArrayList<>();
        argument.completionCandidates().forEach(value -> values.add(Known.of(value)));
        return Candidates.of(values);
      }
    }
    Names names = verb.names(arguments);
    if (names == Names.FILES) {
      return Candidates.FILES;
    }
    List<Known> known = names(names);
    if (names == Names.PATHS) {
      return new Candidates(known, word.indexOf(':') < 0);
    }
    if (!word.isEmpty() && known.stream().noneMatch(one -> one.name().startsWith(word))) {
      known = new KnownNames(services, scope).ids(names, word);
    }
    if (names == Names.NONE && word.isEmpty() && !verb.stopsAtArgument()) {
      return options(verb, line, given, word);
    }
    return Candidates.of(known);
  }

  /** The option of a word: {@code --name}, {@code --name=value}, or the last of {@code -abc}. */
  private static @org.jspecify.annotations.Nullable OptionSpec option(
      CommandLine line, String text) {
    int equals = text.indexOf('=');
    OptionSpec whole =
        line.getCommandSpec().findOption(equals < 0 ? text : text.substring(0, equals));
    return whole != null || text.startsWith("--")
        ? whole
        : line.getCommandSpec().findOption("-" + text.charAt(text.length() - 1));
  }

  private Candidates options(Verb verb, CommandLine line, Set<OptionSpec> given, String word) {
    int equals = word.indexOf('=');
    if (equals > 0) {
      OptionSpec option = line.getCommandSpec().findOption(word.substring(0, equals));
      if (option == null || option.arity().max() == 0) {
        return Candidates.NONE;
      }
      String before = word.substring(0, equals + 1);
      Candidates values = values(verb, option, word.substring(equals + 1));
      return new Candidates(
          values.known().stream()
              .map(known -> new Known(before + known.name(), known.about()))
              .toList(),
          values.files());
    }
    List<Known> options = new ArrayList<>();
    for (OptionSpec option : line.getCommandSpec().options()) {
      if (!option.hidden() && (option.isMultiValue() || !given.contains(option))) {
        String[] about = option.description();
        options.add(new Known(option.longestName(), about.length == 0 ? "" : about[0]));
      }
    }
    return Candidates.of(options);
  }

  private Candidates values(Verb verb, OptionSpec option, String word) {
    if (option.completionCandidates() != null) {
      List<Known> values = new ArrayList<>();
      option.completionCandidates().forEach(value -> values.add(Known.of(value)));
      return Candidates.of(values);
    }
    if (verb instanceof Listing<?> listing && option.longestName().equals("--filter")) {
      return Candidates.of(filters(listing, word));
    }
    Function<KnownNames, List<Known>> known = OptionValues.of(option.longestName());
    if (known != null) {
      return Candidates.of(known.apply(new KnownNames(services, scope)));
    }
    return OptionValues.areFiles(option) ? Candidates.FILES : Candidates.NONE;
  }

  private static List<Known> filters(Listing<?> listing, String word) {
    int equals = word.indexOf('=');
    if (equals > 0) {
      String key = word.substring(0, equals);
      return listing.values(key).stream().map(value -> Known.of(key + "=" + value)).toList();
    }
    Set<String> keys = new java.util.TreeSet<>(listing.habits());
    keys.addAll(listing.columns().members());
    if (keys.remove("labels")) {
      keys.add("label");
    }
    return keys.stream().map(key -> Known.of(key + "=")).toList();
  }

  private List<Known> names(Names names) {
    return new KnownNames(services, scope).of(names);
  }
}
