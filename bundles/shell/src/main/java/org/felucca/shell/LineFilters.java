package org.felucca.shell;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.felix.gogo.jline.Posix;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Process;
import org.felucca.shell.session.Call;
import org.felucca.shell.session.Client;

/**
 * gogo's filters with what people expect of them: {@code head -5}, and no colours for what is no
 * terminal.
 */
final class LineFilters extends Posix {
  LineFilters(CommandProcessor processor) {
    super(processor);
  }

  @Override
  protected void head(CommandSession session, Process process, String[] words) throws Exception {
    super.head(session, process, withCount(words));
  }

  @Override
  protected void tail(CommandSession session, Process process, String[] words) throws Exception {
    super.tail(session, process, withCount(words));
  }

  @Override
  protected void grep(CommandSession session, Process process, String[] words) throws Exception {
    boolean coloured =
        session.get(Call.CLIENT) instanceof Client client
            && process.isTty(1)
            && Call.isColoured(client);
    List<String> all = new ArrayList<>(List.of(words));
    if (!coloured) {
      all.add(1, "--color=never");
    }
    super.grep(session, process, all.toArray(String[]::new));
  }

  /** {@code -5} is short for {@code -n 5}. */
  static String[] withCount(String[] words) {
    return Arrays.stream(words)
        .flatMap(
            word ->
                word.matches("-[0-9]+")
                    ? Arrays.stream(new String[] {"-n", word.substring(1)})
                    : Arrays.stream(new String[] {word}))
        .toArray(String[]::new);
  }
}
