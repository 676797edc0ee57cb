package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.TerminalSize;
import org.felucca.shell.session.Call;
import org.felucca.shell.wire.Size;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a process in a container is: for its first one and for further ones. */
class ProcessArguments {
  @Option(
      names = {"-i", "--interactive"},
      description = "keep its standard input open")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "give it a terminal")
  boolean tty;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = "set a variable; without a value, to what it is here")
  List<String> env = new ArrayList<>();

  @Option(
      names = "--env-file",
      paramLabel = "FILE",
      description = "variables from a file, NAME=VALUE a line; those of -e go over them")
  List<String> envFiles = new ArrayList<>();

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER[:GROUP]",
      description = "run as this user, by name or number")
  @Nullable String user;

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "FOLDER",
      description = "the working folder")
  @Nullable String cwd;

  /** The size of the client's terminal; null if the process has none, or nobody knows. */
  final @Nullable TerminalSize size(Call call) {
    if (!tty || call.client() == null) {
      return null;
    }
    Size size = call.client().size();
    return size.columns() > 0 && size.rows() > 0
        ? new TerminalSize(size.columns(), size.rows())
        : null;
  }

  /**
   * The variables; one without a value has that of the client's environment, and is left out if
   * that has none.
   */
  final List<String> environment(Call call) {
    List<String> variables = new ArrayList<>();
    for (String file : envFiles) {
      for (String entry : TextFiles.entries(call, "--env-file", file)) {
        add(call, entry, variables);
      }
    }
    for (String text : env) {
      if (text.startsWith("=") || text.isEmpty()) {
        throw EngineException.invalid(
            "--env %s has no name; write it as NAME=VALUE".formatted(Identifiers.quote(text)));
      }
      add(call, text, variables);
    }
    return variables;
  }

  private static void add(Call call, String text, List<String> variables) {
    if (text.indexOf('=') > 0) {
      variables.add(text);
    } else {
      String value = call.environment(text);
      if (value != null) {
        variables.add(text + "=" + value);
      }
    }
  }
}
