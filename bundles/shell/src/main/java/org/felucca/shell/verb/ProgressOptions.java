package org.felucca.shell.verb;

import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.shell.session.Call;
import org.felucca.shell.verb.ProgressReport.Manner;
import picocli.CommandLine.Option;

/** The options of verbs whose work is long; a mixin. */
final class ProgressOptions {
  @Option(
      names = "--progress",
      paramLabel = "MANNER",
      description =
          "auto (one changing line on a terminal, else plain), plain (a line now and then), json (documents) or none; on standard error")
  String manner = "auto";

  /**
   * Begins to show how far it is; close it before anything else is written.
   *
   * @param quiet whether nothing shall be shown, if {@code --progress} was not given
   */
  ProgressReport begin(Call call, boolean quiet) {
    return new ProgressReport(shown(call, quiet), call.err(), call.errorColumns());
  }

  /**
   * Begins to show a transfer: on a terminal, a line a layer.
   *
   * @param quiet as of {@link #begin}
   */
  TransferReport transfer(Call call, boolean quiet) {
    return TransferReport.of(shown(call, quiet), call.err(), call.errorColumns());
  }

  private Manner shown(Call call, boolean quiet) {
    return switch (manner) {
      case "auto" -> quiet ? Manner.NONE : call.isErrorTerminal() ? Manner.LINE : Manner.PLAIN;
      case "plain" -> Manner.PLAIN;
      case "json" -> Manner.JSON;
      case "none" -> Manner.NONE;
      default ->
          throw EngineException.invalid(
              "--progress %s must be auto, plain, json or none"
                  .formatted(Identifiers.quote(manner)));
    };
  }
}
