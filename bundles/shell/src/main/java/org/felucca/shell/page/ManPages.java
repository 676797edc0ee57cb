package org.felucca.shell.page;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Manual pages in the man macros of roff, see man(7): one a verb, one a group, one for all. */
public final class ManPages {
  private static final String NAME = "felucca";

  private final String version;
  private final List<VerbPage> verbs;
  private final Map<String, String> groups;

  /**
   * @param version of Felucca
   * @param groups the groups of verbs with what they have in common
   */
  public ManPages(String version, List<VerbPage> verbs, Map<String, String> groups) {
    this.version = version;
    this.verbs = List.copyOf(verbs);
    this.groups = new LinkedHashMap<>(groups);
  }

  /** The pages of section 1 by the names of their files. */
  public Map<String, String> all() {
    Map<String, String> pages = new LinkedHashMap<>();
    pages.put(NAME + ".1", overview());
    groups.forEach((group, about) -> pages.put(file(group), group(group, about)));
    verbs.forEach(verb -> pages.put(file(verb.path()), verb(verb)));
    return pages;
  }

  private static String file(String path) {
    return NAME + "-" + path.replace(' ', '-') + ".1";
  }

  private StringBuilder begin(String path, String about) {
    String title = path.isEmpty() ? NAME : NAME + "-" + path.replace(' ', '-');
    return new StringBuilder(".\\\" made from the verbs of bundles/shell\n")
        .append(
            ".TH %s 1 \"\" \"Felucca %s\" \"Felucca\"\n"
                .formatted(escaped(title.toUpperCase(Locale.ROOT)), escaped(version)))
        .append(".SH NAME\n%s \\- %s\n".formatted(escaped(title), escaped(lowered(about))));
  }

  private String overview() {
    StringBuilder page = begin("", "run containers, and all that belongs to them");
    page.append(".SH SYNOPSIS\n.B felucca\n[\\fB\\-\\-socket\\fR \\fIPATH\\fR] [\\fB\\-n\\fR ")
        .append("\\fINAMESPACE\\fR] \\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n");
    page.append(".SH DESCRIPTION\n");
    paragraph(
        page,
        "felucca hands its arguments to the engine, feluccad, relays the streams of containers, and ends with the status of the command.");
    page.append(".SH VERBS\n");
    list(page, verbs.stream().filter(verb -> !verb.path().startsWith("container ")).toList());
    page.append(".SH OPTIONS\n");
    item(
        page,
        "\\fB\\-\\-socket\\fR \\fIPATH\\fR",
        "the engine's socket, instead of /run/felucca/shell.sock; before the verb");
    item(
        page,
        "\\fB\\-n\\fR, \\fB\\-\\-namespace\\fR \\fINAME\\fR",
        "work in this namespace; before or behind the verb");
    page.append(".SH ENVIRONMENT\n");
    item(page, "\\fBFELUCCA_SOCKET\\fR", "the engine's socket");
    item(page, "\\fBFELUCCA_NAMESPACE\\fR", "the namespace, instead of \"default\"");
    item(page, "\\fBNO_COLOR\\fR", "if it is not empty, nothing is coloured");
    page.append(".SH EXIT STATUS\n");
    item(page, "that of the program", "run, start -a, exec and attach ended with it");
    item(page, "125", "the engine refused or failed, or the command line is wrong");
    item(page, "126, 127", "the program can't be executed, is not there");
    item(page, "128 + n", "signal n ended a verb that is joined to no container");
    page.append(".SH FILES\n");
    item(page, "\\fI/run/felucca/shell.sock\\fR", "where the engine listens");
    return page.toString();
  }

  private String group(String group, String about) {
    StringBuilder page = begin(group, about);
    page.append(
        ".SH SYNOPSIS\n.B felucca %s\n\\fIVERB\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
            .formatted(escaped(group)));
    page.append(".SH VERBS\n");
    list(page, verbs.stream().filter(verb -> verb.path().startsWith(group + " ")).toList());
    return seeAlso(page, "");
  }

  private static void list(StringBuilder page, List<VerbPage> verbs) {
    for (VerbPage verb : verbs) {
      if (!verb.hidden()) {
        item(page, "\\fBfelucca %s\\fR".formatted(escaped(verb.path())), verb.description());
      }
    }
  }

  private String verb(VerbPage verb) {
    StringBuilder page = begin(verb.path(), verb.description());
    page.append(".SH SYNOPSIS\n.B felucca %s\n".formatted(escaped(verb.path())));
    page.append("[\\fIOPTIONS\\fR]");
    for (PositionalParamSpec argument : verb.spec().positionalParameters()) {
      page.append(' ').append(synopsis(argument));
    }
    page.append("\n.SH DESCRIPTION\n");
    paragraph(page, verb.description() + ".");
    for (String note : verb.notes()) {
      if (!note.isBlank()) {
        page.append(".PP\n");
        paragraph(page, note);
      }
    }
    if (!verb.spec().positionalParameters().isEmpty()) {
      page.append(".SH ARGUMENTS\n");
      for (PositionalParamSpec argument : verb.spec().positionalParameters()) {
        item(
            page,
            "\\fI%s\\fR".formatted(escaped(argument.paramLabel())),
            text(argument.description()));
      }
    }
    page.append(".SH OPTIONS\n");
    Map<String, List<OptionSpec>> grouped = new LinkedHashMap<>();
    for (OptionSpec option : verb.spec().options()) {
      if (!option.hidden()) {
        grouped.computeIfAbsent(heading(option), any -> new ArrayList<>()).add(option);
      }
    }
    List<OptionSpec> plain = grouped.remove("");
    if (plain != null) {
      plain.forEach(option -> item(page, names(option), text(option.description())));
    }
    grouped.forEach(
        (heading, options) -> {
          page.append(".SS ").append(escaped(heading)).append('\n');
          options.forEach(option -> item(page, names(option), text(option.description())));
        });
    page.append(".SH EXAMPLES\n");
    for (String example : verb.examples()) {
      page.append(".PP\n.nf\n").append(line(example)).append("\n.fi\n");
    }
    int space = verb.path().indexOf(' ');
    return seeAlso(page, space < 0 ? "" : verb.path().substring(0, space));
  }

  private String seeAlso(StringBuilder page, String group) {
    page.append(".SH SEE ALSO\n.BR felucca (1)");
    if (!group.isEmpty()) {
      page.append(",\n.BR %s (1)".formatted(escaped(NAME + "-" + group)));
    }
    return page.append('\n').toString();
  }

  private static String heading(OptionSpec option) {
    ArgGroupSpec group = option.group();
    @Nullable String heading = group == null ? null : group.heading();
    return heading == null ? "" : heading.replace("%n", "").strip();
  }

  private static String names(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      names.add("\\fB%s\\fR".formatted(escaped(name)));
    }
    String value =
        option.arity().max() == 0 ? "" : " \\fI%s\\fR".formatted(escaped(option.paramLabel()));
    return String.join(", ", names) + value;
  }

  private static String synopsis(PositionalParamSpec argument) {
    String label = "\\fI%s\\fR".formatted(escaped(argument.paramLabel()));
    CommandLine.Range arity = argument.arity();
    String many = arity.max() > 1 ? label + "..." : label;
    return arity.min() == 0 ? "[" + many + "]" : many;
  }

  private static void item(StringBuilder page, String head, String text) {
    page.append(".TP\n").append(head).append('\n');
    paragraph(page, text);
  }

  private static void paragraph(StringBuilder page, String text) {
    page.append(line(text)).append('\n');
  }

  private static String text(String[] lines) {
    return String.join(" ", lines).replace("%%", "%");
  }

  /** A line of text, which must not look like a request. */
  private static String line(String text) {
    String escaped = escaped(text);
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("'", "\\(aq")
        .replace("`", "\\(ga")
        .replace("^", "\\(ha")
        .replace("~", "\\(ti");
  }

  private static String lowered(String text) {
    return text.isEmpty() || (text.length() > 1 && Character.isUpperCase(text.charAt(1)))
        ? text
        : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
