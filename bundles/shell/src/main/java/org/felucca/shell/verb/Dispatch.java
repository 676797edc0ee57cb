package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.ExitStatus;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;
import org.felucca.shell.view.Similar;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** From words to the verb that they mean. */
public final class Dispatch {
  private Dispatch() {}

  /**
   * Runs a verb, or a verb of a group.
   *
   * @param path the words that led here, for messages
   * @param words the rest
   */
  public static void run(Call call, String path, Entry entry, List<String> words) throws Exception {
    switch (entry) {
      case Group group -> runGroup(call, path, group, words);
      case Leaf leaf -> runLeaf(call, path, leaf, words);
    }
  }

  private static void runGroup(Call call, String path, Group group, List<String> words)
      throws Exception {
    if (words.isEmpty() || isHelp(words.getFirst())) {
      call.out().print(Overview.of(path, group, call.textColumns(), call.isColoured()));
      if (words.isEmpty()) {
        throw new ExitStatus(ExitStatus.ENGINE, path + " needs one of the verbs above", null);
      }
      return;
    }
    String word = words.getFirst();
    Entry child = group.children().get(word);
    if (child == null) {
      throw unknown(path + " ", word, visible(group.children()));
    }
    run(call, path + " " + word, child, words.subList(1, words.size()));
  }

  private static void runLeaf(Call call, String path, Leaf leaf, List<String> words)
      throws Exception {
    Prepared prepared = Prepared.take(path, leaf);
    try {
      runLeaf(call, path, prepared.verb(), prepared.line(), words);
    } finally {
      Prepared.makeNext(path, leaf);
    }
  }

  private static void runLeaf(
      Call call, String path, Verb verb, CommandLine line, List<String> words) throws Exception {
    try {
      line.parseArgs(words.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new EngineException(
          org.felucca.api.ErrorKind.INVALID_ARGUMENT,
          "%s: %s; see felucca %s --help".formatted(path, explain(line, e), path),
          e);
    }
    if (verb.help) {
      line.setUsageHelpWidth(Math.max(60, Math.min(call.textColumns(), 120)));
      Ansi colours = call.isColoured() ? Ansi.ON : Ansi.OFF;
      call.out().print(line.getUsageMessage(colours));
      return;
    }
    verb.run(call);
  }

  private static String explain(CommandLine line, ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().getFirst();
      if (!first.startsWith("-") || first.length() < 2) {
        return "%s is one argument too many".formatted(Identifiers.quote(first));
      }
      String option = first.indexOf('=') > 0 ? first.substring(0, first.indexOf('=')) : first;
      return "there is no option %s%s"
          .formatted(
              Identifiers.quote(option), Similar.question(option, options(line)).replace("?", ""));
    }
    String message = e.getMessage();
    return message == null || message.isEmpty()
        ? "the arguments are wrong"
        : Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }

  private static List<String> options(CommandLine line) {
    return line.getCommandSpec().options().stream()
        .filter(option -> !option.hidden())
        .map(OptionSpec::longestName)
        .filter(name -> name.startsWith("--"))
        .toList();
  }

  /** Whether a word asks for help. */
  public static boolean isHelp(String word) {
    return word.equals("help") || word.equals("--help") || word.equals("-h");
  }

  /** The failure that a word is no verb, with what was meant perhaps. */
  public static EngineException unknown(String before, String word, Collection<String> known) {
    return EngineException.invalid(
        "%s%s is no verb%s; felucca %shelp lists them"
            .formatted(before, Identifiers.quote(word), Similar.question(word, known), before));
  }

  static List<String> visible(Map<String, Entry> entries) {
    List<String> names = new ArrayList<>();
    entries.forEach(
        (name, entry) -> {
          if (!(entry instanceof Leaf leaf) || !leaf.hidden()) {
            names.add(name);
          }
        });
    return names;
  }
}
