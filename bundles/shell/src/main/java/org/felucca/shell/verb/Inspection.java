package org.felucca.shell.verb;

import org.felucca.oci.Json;
import picocli.CommandLine.Option;

/** A verb that shows whole documents. */
abstract class Inspection extends Verb {
  /** How they are shown. */
  enum Layout {
    /** Indented. */
    pretty,
    /** One document a line. */
    json
  }

  @Option(
      names = "--format",
      paramLabel = "pretty|json",
      description = "indented, or one JSON document a line")
  Layout format = Layout.pretty;

  final void show(Object document) {
    if (format == Layout.json) {
      json(document);
    } else {
      call().out().print(Json.pretty(document, Json.Names.SNAKE));
    }
  }
}
