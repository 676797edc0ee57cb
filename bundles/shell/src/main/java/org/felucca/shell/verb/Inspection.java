package org.felucca.shell.verb;

import java.util.function.Supplier;
import org.felucca.oci.Json;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A verb that shows whole documents. */
abstract class Inspection extends Verb {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description =
          "pretty (for people), json (one document a line), or a template such as '{{.Id}}' or '{{json .}}'")
  @Nullable String format;

  private @Nullable Format parsed;

  /** What was asked for; wrong formats are refused here, before anything is done. */
  final Format format() {
    if (parsed == null) {
      parsed = Format.parse("pretty", format);
    }
    return parsed;
  }

  /** Shows a document, indented if nothing else was asked for. */
  final void show(Object document) {
    show(new Document(document));
  }

  /** As {@link #show(Object)}, with words for templates. */
  final void show(Document document) {
    show(document, () -> Json.pretty(document.whole(), Json.Names.SNAKE));
  }

  /** Shows a document, or what people read instead. */
  final void show(Document document, Supplier<String> people) {
    Format asked = format();
    if (asked.template() != null) {
      Format.say(call(), asked.line(document));
    } else if (asked.isJson()) {
      say(asked.line(document));
    } else {
      call().out().print(people.get());
    }
  }
}
