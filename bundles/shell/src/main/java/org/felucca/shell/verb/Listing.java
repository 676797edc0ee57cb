package org.felucca.shell.verb;

import picocli.CommandLine.Option;

/** A verb that lists something, for people or for programs. */
abstract class Listing extends Verb {
  /** How it is shown. */
  enum Format {
    /** For people. */
    table,
    /** One document a line. */
    json
  }

  @Option(
      names = "--format",
      paramLabel = "table|json",
      description = "for people, or one JSON document a line")
  Format format = Format.table;

  @Option(
      names = {"-q", "--quiet"},
      description = "names only")
  boolean quiet;

  final boolean isJson() {
    return format == Format.json;
  }
}
