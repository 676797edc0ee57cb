package org.felucca.shell.view;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.shell.view.Template.Call;
import org.felucca.shell.view.Template.Expression;
import org.felucca.shell.view.Template.Field;
import org.felucca.shell.view.Template.If;
import org.felucca.shell.view.Template.Literal;
import org.felucca.shell.view.Template.Node;
import org.felucca.shell.view.Template.Print;
import org.felucca.shell.view.Template.Range;
import org.felucca.shell.view.Template.Text;
import org.felucca.shell.view.Template.Variable;
import org.felucca.shell.view.Template.With;
import org.jspecify.annotations.Nullable;

/** Reads a template from left to right. */
final class TemplateParser {
  private static final int MAX_LENGTH = 16 << 10;
  private static final int MAX_DEPTH = 50;
  private static final int END = -1;

  private final String text;
  private final List<String> variables = new ArrayList<>(List.of(""));
  private int position;
  private int depth;

  /** Which of {@code end} and {@code else} ended the last list, and where it stands. */
  private String closedBy = "";

  private int closedAt;
  private boolean trimNext;

  TemplateParser(String text) {
    if (text.length() > MAX_LENGTH) {
      throw EngineException.invalid(
          "--format has %d characters; at most %d are read".formatted(text.length(), MAX_LENGTH));
    }
    this.text = text;
  }

  Template parse() {
    List<Node> nodes = nodes(false);
    return new Template(text, nodes);
  }

  private List<Node> nodes(boolean inBlock) {
    if (++depth > MAX_DEPTH) {
      throw bad("blocks stand too deep in each other");
    }
    List<Node> nodes = new ArrayList<>();
    int opened = position;
    while (position < text.length()) {
      int brace = text.indexOf("{{", position);
      String plain = text.substring(position, brace < 0 ? text.length() : brace);
      boolean trimmed = brace >= 0 && isTrimmedAt(brace);
      literal(nodes, plain, trimmed);
      if (brace < 0) {
        position = text.length();
        break;
      }
      position = brace + 2 + (trimmed ? 1 : 0);
      if (text.startsWith("/*", position)) {
        comment();
        continue;
      }
      if (action(nodes, inBlock)) {
        depth--;
        return nodes;
      }
    }
    if (inBlock) {
      position = opened;
      throw bad("what begins before here has no {{end}}");
    }
    depth--;
    return nodes;
  }

  private boolean isTrimmedAt(int brace) {
    return text.startsWith("-", brace + 2)
        && brace + 3 < text.length()
        && Character.isWhitespace(text.charAt(brace + 3));
  }

  private void literal(List<Node> nodes, String plain, boolean trimEnd) {
    String shown = plain.replace("\\t", "\t").replace("\\n", "\n");
    if (trimNext) {
      shown = shown.stripLeading();
      trimNext = false;
    }
    if (trimEnd) {
      shown = shown.stripTrailing();
    }
    if (!shown.isEmpty()) {
      nodes.add(new Text(shown));
    }
  }

  private void comment() {
    int end = text.indexOf("*/", position);
    if (end < 0) {
      throw bad("the comment does not end");
    }
    position = end + 2;
    close();
  }

  /** Reads what stands behind the braces; true if it ends the block that is being read. */
  private boolean action(List<Node> nodes, boolean inBlock) {
    int start = skipSpace();
    String word = word();
    switch (word) {
      case "end", "else" -> {
        if (!inBlock) {
          position = start;
          throw bad("there is nothing here that {{%s}} could end".formatted(word));
        }
        closedBy = word;
        closedAt = start;
        if (word.equals("end")) {
          close();
        }
        return true;
      }
      case "if" -> nodes.add(condition());
      case "with" -> nodes.add(with());
      case "range" -> nodes.add(range());
      case "define", "template", "block", "break", "continue" -> {
        position = start;
        throw bad(
            "{{%s}} is not known here; there are if, with, range, else and end".formatted(word));
      }
      default -> {
        position = start;
        if (peek() == '}') {
          throw bad("an action is expected, such as {{.Name}}");
        }
        Expression value = pipeline();
        close();
        nodes.add(new Print(value));
      }
    }
    return false;
  }

  private If condition() {
    Expression condition = pipeline();
    close();
    List<Node> then = nodes(true);
    return new If(condition, then, otherwise());
  }

  private With with() {
    int known = variables.size();
    List<String> names = names(1);
    Expression value = pipeline();
    close();
    variables.addAll(names);
    List<Node> then = nodes(true);
    variables.subList(known, variables.size()).clear();
    return new With(names.isEmpty() ? "" : names.getFirst(), value, then, otherwise());
  }

  private Range range() {
    int known = variables.size();
    List<String> names = names(2);
    Expression values = pipeline();
    close();
    variables.addAll(names);
    List<Node> body = nodes(true);
    variables.subList(known, variables.size()).clear();
    return new Range(
        names.size() == 2 ? names.getFirst() : "",
        names.isEmpty() ? "" : names.getLast(),
        values,
        body,
        otherwise());
  }

  /** What stands between {{else}} and {{end}}; {{else if}} is a condition of its own. */
  private List<Node> otherwise() {
    if (closedBy.equals("end")) {
      return List.of();
    }
    int start = skipSpace();
    if (word().equals("if")) {
      return List.of(condition());
    }
    position = start;
    close();
    List<Node> nodes = nodes(true);
    if (!closedBy.equals("end")) {
      position = closedAt;
      throw bad("{{end}} is expected here");
    }
    return nodes;
  }

  /** Reads {@code $a, $b :=}; none if a value comes at once. */
  private List<String> names(int most) {
    int start = skipSpace();
    List<String> names = new ArrayList<>();
    while (peek() == '$' && names.size() < most) {
      position++;
      names.add(word());
      skipSpace();
      if (peek() == ',' && names.size() < most) {
        position++;
        skipSpace();
      } else {
        break;
      }
    }
    if (!names.isEmpty() && text.startsWith(":=", position)) {
      position += 2;
      return names;
    }
    position = start;
    return List.of();
  }

  private Expression pipeline() {
    if (++depth > MAX_DEPTH) {
      throw bad("parentheses stand too deep in each other");
    }
    Expression value = command(null);
    while (skipSpace() >= 0 && peek() == '|') {
      position++;
      value = command(value);
    }
    depth--;
    return value;
  }

  /** One function with its arguments, or one value; what came before goes last. */
  private Expression command(@Nullable Expression before) {
    int start = skipSpace();
    if (Character.isLetter(peek())) {
      String name = word();
      if (name.equals("true") || name.equals("false")) {
        return alone(new Literal(name.equals("true")), before, start);
      }
      if (name.equals("nil")) {
        return alone(new Literal(null), before, start);
      }
      if (!TemplateFunctions.NAMES.contains(name)) {
        position = start;
        throw bad(
            "there is no function %s%s; there are %s. A field begins with a dot: {{.%s}}"
                .formatted(
                    name,
                    Similar.question(name, TemplateFunctions.NAMES).replace("?", ""),
                    String.join(", ", TemplateFunctions.NAMES),
                    name));
      }
      List<Expression> arguments = arguments();
      if (before != null) {
        arguments.add(before);
      }
      if (arguments.isEmpty()) {
        position = start;
        throw bad(name + " needs an argument, such as {{%s .}}".formatted(name));
      }
      return new Call(name, arguments, start);
    }
    Expression value = operand();
    List<Expression> arguments = arguments();
    if (!arguments.isEmpty()
        && value instanceof Field(Expression owner, String name, int position)
        && name.equals("Label")
        && arguments.size() == 1) {
      return new Call(TemplateFunctions.LABEL, List.of(owner, arguments.getFirst()), position);
    }
    if (!arguments.isEmpty()) {
      position = start;
      throw bad("only functions and .Label take arguments");
    }
    return alone(value, before, start);
  }

  private Expression alone(Expression value, @Nullable Expression before, int start) {
    if (before != null) {
      position = start;
      throw bad("a function is expected behind the |, such as {{.Names | upper}}");
    }
    return value;
  }

  private List<Expression> arguments() {
    List<Expression> arguments = new ArrayList<>();
    while (true) {
      int start = position;
      int next = skipSpace();
      if (peek() == END || peek() == '|' || peek() == ')' || peek() == '}') {
        return arguments;
      }
      if (peek() == '-' && text.startsWith("-}}", next)) {
        return arguments;
      }
      if (next == start && !arguments.isEmpty()) {
        throw bad("a space, a | or }} is expected");
      }
      arguments.add(operand());
    }
  }

  private Expression operand() {
    int start = position;
    int c = peek();
    if (c == '.') {
      return members(new Variable(null));
    }
    if (c == '$') {
      position++;
      String name = word();
      if (!variables.contains(name)) {
        position = start;
        throw bad("there is no variable $" + name);
      }
      return members(new Variable(name));
    }
    if (c == '(') {
      position++;
      Expression value = pipeline();
      skipSpace();
      if (peek() != ')') {
        throw bad(") is expected");
      }
      position++;
      return members(value);
    }
    if (c == '"' || c == '`') {
      return new Literal(quoted((char) c));
    }
    if (Character.isDigit(c) || c == '-') {
      position++;
      while (Character.isDigit(peek())) {
        position++;
      }
      try {
        return new Literal(Long.parseLong(text.substring(start, position)));
      } catch (NumberFormatException e) {
        position = start;
        throw bad("a number is expected");
      }
    }
    if (Character.isLetter(c)) {
      String name = word();
      return switch (name) {
        case "true", "false" -> new Literal(name.equals("true"));
        case "nil" -> new Literal(null);
        default -> {
          position = start;
          throw bad("put %s ... in parentheses, or write .%s for a field".formatted(name, name));
        }
      };
    }
    throw bad(
        c == END
            ? "the action does not end; }} is expected"
            : "a field such as .Name, a text in \" quotes or a function is expected");
  }

  private Expression members(Expression owner) {
    Expression value = owner;
    while (peek() == '.') {
      int at = position++;
      String name = word();
      if (name.isEmpty()) {
        if (value instanceof Variable variable && variable.name() == null) {
          return value;
        }
        throw bad("the name of a field is expected");
      }
      value = new Field(value, name, at);
    }
    return value;
  }

  private String quoted(char quote) {
    int start = position++;
    StringBuilder out = new StringBuilder();
    while (peek() != quote) {
      int c = peek();
      if (c == END) {
        position = start;
        throw bad("the quote that begins here does not end");
      }
      position++;
      if (c == '\\' && quote == '"') {
        int escaped = peek();
        position++;
        out.append(
            switch (escaped) {
              case 'n' -> '\n';
              case 't' -> '\t';
              case '"', '\\' -> (char) escaped;
              default -> {
                position -= 2;
                throw bad("an escape such as \\n, \\t, \\\" or \\\\ is expected");
              }
            });
      } else {
        out.append((char) c);
      }
    }
    position++;
    return out.toString();
  }

  /** Reads the braces at the end of an action. */
  private void close() {
    skipSpace();
    boolean trims = peek() == '-' && Character.isWhitespace(text.charAt(position - 1));
    if (trims) {
      position++;
    }
    if (!text.startsWith("}}", position)) {
      throw bad("}} is expected");
    }
    position += 2;
    trimNext = trims;
  }

  private String word() {
    int start = position;
    while (Character.isLetterOrDigit(peek()) || peek() == '_') {
      position++;
    }
    return text.substring(start, position);
  }

  private int skipSpace() {
    while (peek() != END && Character.isWhitespace(peek())) {
      position++;
    }
    return position;
  }

  private int peek() {
    return position < text.length() ? text.charAt(position) : END;
  }

  private EngineException bad(String why) {
    return EngineException.invalid(
        "--format %s is malformed at character %d: %s"
            .formatted(Identifiers.quote(text), position + 1, why));
  }
}
