package org.felucca.shell.view;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;

/**
 * A template as {@code docker --format} takes it: Go's text/template as far as people type it.
 * Fields ({@code {{.Name}}}, {@code {{.Config.Labels}}}), pipelines, {@code if}, {@code with},
 * {@code range} with variables, and the functions of {@link TemplateFunctions}. {@code \t} and
 * {@code \n} outside of actions are a tab and a line break.
 */
public final class Template {
  /** A piece of a template. */
  sealed interface Node {}

  /** Text as it is. */
  record Text(String text) implements Node {}

  /** A value. */
  record Print(Expression value) implements Node {}

  /** One branch or the other. */
  record If(Expression condition, List<Node> then, List<Node> otherwise) implements Node {}

  /** As {@link If}; the value is the dot within, and has a name if that is not empty. */
  record With(String name, Expression value, List<Node> then, List<Node> otherwise)
      implements Node {}

  /** Once for each item; names that are empty are not set. */
  record Range(
      String keyName, String valueName, Expression values, List<Node> body, List<Node> otherwise)
      implements Node {}

  /** What has a value. */
  sealed interface Expression {}

  /** A text, number, truth value or null. */
  record Literal(@Nullable Object value) implements Expression {}

  /** The dot; or a variable, {@code $} with an empty name. */
  record Variable(@Nullable String name) implements Expression {}

  /** A member. */
  record Field(Expression owner, String name, int position) implements Expression {}

  /** A function, or the method {@code .Label}. */
  record Call(String function, List<Expression> arguments, int position) implements Expression {}

  /** What stands in for every value when headings are made. */
  record Heading(UnaryOperator<String> words, String text) {
    Heading member(String name) {
      return new Heading(words, words.apply(name));
    }
  }

  private final String source;
  private final List<Node> nodes;

  Template(String source, List<Node> nodes) {
    this.source = source;
    this.nodes = nodes;
  }

  /**
   * Reads a template.
   *
   * @throws EngineException INVALID_ARGUMENT with the place of the mistake
   */
  public static Template parse(String text) {
    return new TemplateParser(text).parse();
  }

  /**
   * The text of a document.
   *
   * @throws EngineException INVALID_ARGUMENT for a field that there is not
   */
  public String render(Document document) {
    return render((Object) document);
  }

  /**
   * The heading over what it prints.
   *
   * @param headings from the names of fields to headings
   */
  public String heading(UnaryOperator<String> headings) {
    return render(new Heading(headings, ""));
  }

  /**
   * Refuses fields of the document itself that it does not have.
   *
   * @throws EngineException INVALID_ARGUMENT with those that there are
   */
  public void requireFields(List<String> known) {
    Set<Field> fields = new LinkedHashSet<>();
    collect(nodes, true, fields);
    for (Field field : fields) {
      if (Members.match(known, field.name()) == null) {
        throw at(field.position(), Members.unknown(field.name(), known));
      }
    }
  }

  private String render(Object root) {
    StringBuilder out = new StringBuilder();
    Map<String, @Nullable Object> variables = new HashMap<>();
    variables.put("", root);
    run(nodes, root, variables, out);
    return out.toString();
  }

  private void run(
      List<Node> list,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      StringBuilder out) {
    for (Node node : list) {
      switch (node) {
        case Text text -> out.append(text.text());
        case Print print -> out.append(text(value(print.value(), dot, variables, false)));
        case If condition ->
            run(
                Members.isTrue(value(condition.condition(), dot, variables, true))
                    ? condition.then()
                    : condition.otherwise(),
                dot,
                variables,
                out);
        case With with -> {
          Object value = value(with.value(), dot, variables, true);
          if (Members.isTrue(value)) {
            run(with.then(), value, with(variables, with.name(), value), out);
          } else {
            run(with.otherwise(), dot, variables, out);
          }
        }
        case Range range -> range(range, dot, variables, out);
      }
    }
  }

  private void range(
      Range range,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      StringBuilder out) {
    Object values = value(range.values(), dot, variables, true);
    List<@Nullable Object> keys = new ArrayList<>();
    List<@Nullable Object> items = new ArrayList<>();
    switch (values) {
      case null -> {}
      case Map<?, ?> map ->
          map.forEach(
              (key, item) -> {
                keys.add(key);
                items.add(item);
              });
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          keys.add((long) i);
          items.add(list.get(i));
        }
      }
      case Heading heading -> {
        keys.add(heading);
        items.add(heading);
      }
      default ->
          throw EngineException.invalid(
              "--format: range needs a list or a map, and %s is none"
                  .formatted(Members.text(values)));
    }
    if (items.isEmpty()) {
      run(range.otherwise(), dot, variables, out);
    }
    for (int i = 0; i < items.size(); i++) {
      Object item = items.get(i);
      run(
          range.body(),
          item,
          with(with(variables, range.keyName(), keys.get(i)), range.valueName(), item),
          out);
    }
  }

  private static Map<String, @Nullable Object> with(
      Map<String, @Nullable Object> variables, String name, @Nullable Object value) {
    if (name.isEmpty()) {
      return variables;
    }
    Map<String, @Nullable Object> more = new HashMap<>(variables);
    more.put(name, value);
    return more;
  }

  /**
   * @param lenient whether members that are not there are null: their presence is what is asked
   */
  private @Nullable Object value(
      Expression expression,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      boolean lenient) {
    return switch (expression) {
      case Literal literal -> literal.value();
      case Variable variable -> variable.name() == null ? dot : variables.get(variable.name());
      case Field field -> member(field, value(field.owner(), dot, variables, lenient), lenient);
      case Call call -> {
        List<@Nullable Object> arguments = new ArrayList<>();
        for (Expression argument : call.arguments()) {
          arguments.add(value(argument, dot, variables, lenient));
        }
        for (Object argument : arguments) {
          if (argument instanceof Heading) {
            yield argument;
          }
        }
        try {
          yield TemplateFunctions.call(call.function(), arguments);
        } catch (EngineException e) {
          throw at(call.position(), e);
        }
      }
    };
  }

  private @Nullable Object member(Field field, @Nullable Object owner, boolean lenient) {
    try {
      return switch (owner) {
        case Document document -> document.get(field.name());
        case Heading heading -> heading.member(field.name());
        case null, default -> Members.of(owner, field.name(), lenient);
      };
    } catch (EngineException e) {
      throw at(field.position(), e);
    }
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case Heading heading -> heading.text();
      case Document document -> TemplateFunctions.json(document);
      case null, default -> Members.text(value);
    };
  }

  private EngineException at(int position, EngineException e) {
    return e.getMessage() != null && e.getMessage().startsWith("--format")
        ? e
        : new EngineException(
            ErrorKind.INVALID_ARGUMENT,
            "--format %s, at character %d: %s"
                .formatted(org.felucca.api.Identifiers.quote(source), position + 1, e.getMessage()),
            e);
  }

  private static void collect(List<Node> nodes, boolean atTop, Set<Field> fields) {
    for (Node node : nodes) {
      switch (node) {
        case Text text -> {}
        case Print print -> collect(print.value(), atTop, fields);
        case If condition -> {
          collect(condition.condition(), atTop, fields);
          collect(condition.then(), atTop, fields);
          collect(condition.otherwise(), atTop, fields);
        }
        case With with -> {
          collect(with.value(), atTop, fields);
          collect(with.then(), false, fields);
          collect(with.otherwise(), atTop, fields);
        }
        case Range range -> {
          collect(range.values(), atTop, fields);
          collect(range.body(), false, fields);
          collect(range.otherwise(), atTop, fields);
        }
      }
    }
  }

  private static void collect(Expression expression, boolean atTop, Set<Field> fields) {
    switch (expression) {
      case Field field
          when field.owner() instanceof Variable(String name)
              && (name == null ? atTop : name.isEmpty()) ->
          fields.add(field);
      case Field field -> collect(field.owner(), atTop, fields);
      case Call call -> call.arguments().forEach(argument -> collect(argument, atTop, fields));
      case Literal literal -> {}
      case Variable variable -> {}
    }
  }
}
