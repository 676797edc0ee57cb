package org.felucca.oci.filter;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** One filter: conditions that must all hold. */
public final class Filter implements Predicate<Fields> {
  /** How a condition compares. */
  enum Operator {
    PRESENT,
    EQUAL,
    NOT_EQUAL,
    MATCHES
  }

  /**
   * One condition.
   *
   * @param path the field
   * @param operator how it compares
   * @param value with what; empty for PRESENT
   * @param expression the value as an expression, only for MATCHES
   */
  record Condition(
      List<String> path, Operator operator, String value, @Nullable LinearPattern expression) {
    boolean test(Fields fields) {
      String actual = fields.field(path).orElse(null);
      return switch (operator) {
        case PRESENT -> actual != null;
        case EQUAL -> value.equals(actual);
        // A missing field counts as empty in these two, as in containerd.
        case NOT_EQUAL -> !value.equals(actual == null ? "" : actual);
        case MATCHES -> expression != null && expression.find(actual == null ? "" : actual);
      };
    }
  }

  private final List<Condition> conditions;

  Filter(List<Condition> conditions) {
    this.conditions = List.copyOf(conditions);
  }

  /**
   * Reads a filter; an empty one lets everything through.
   *
   * @throws EngineException INVALID_ARGUMENT with the place of the error
   */
  public static Filter parse(String text) {
    return text.isEmpty() ? new Filter(List.of()) : new FilterParser(text).parse();
  }

  /** The names that its fields begin with. */
  public Set<String> roots() {
    return conditions.stream()
        .map(condition -> condition.path().getFirst())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  @Override
  public boolean test(Fields fields) {
    for (Condition condition : conditions) {
      if (!condition.test(fields)) {
        return false;
      }
    }
    return true;
  }
}
