package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.shell.session.Gogo;
import picocli.CommandLine.Parameters;

/** Shows the overview, or the help of a verb. */
final class Help extends Verb {
  @Parameters(arity = "0..*", paramLabel = "VERB", description = "the verb")
  List<String> words = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    if (words.isEmpty()) {
      List<String> others = new ArrayList<>(Gogo.verbs(call().session()));
      others.removeAll(Verbs.all().keySet());
      others.remove(Gogo.SCOPE);
      call().out().print(Overview.of(others, call().textColumns(), call().isColoured()));
      return;
    }
    Map<String, Entry> entries = Verbs.all();
    Entry entry = null;
    for (String word : words) {
      entry = entries.get(word);
      if (entry == null) {
        throw Dispatch.unknown("", word, Dispatch.visible(entries));
      }
      entries = entry instanceof Entry.Group group ? group.children() : Map.of();
    }
    if (entry != null) {
      Dispatch.run(call(), String.join(" ", words), entry, List.of("--help"));
    }
  }

  @Override
  protected Names names() {
    return Names.VERBS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca help", "felucca help image import");
  }
}
