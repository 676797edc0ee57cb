package org.felucca.oci.filter;

import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;

/** Several filters of which one must hold, as the lists of the engine take them. */
public final class Filters {
  private static final int MAX_FILTERS = 1000;

  private Filters() {}

  /**
   * Reads filters.
   *
   * @param texts the filters; none lets everything through
   * @return what holds if one of them does; it may throw INVALID_ARGUMENT for an expression that
   *     takes too long on a value
   * @throws EngineException INVALID_ARGUMENT with the place of the error
   */
  public static Predicate<Fields> parseAll(List<String> texts) {
    if (texts.size() > MAX_FILTERS) {
      throw EngineException.invalid(
          "%d filters are too many; at most %d are read".formatted(texts.size(), MAX_FILTERS));
    }
    if (texts.isEmpty()) {
      return fields -> true;
    }
    List<Filter> filters = texts.stream().map(Filter::parse).toList();
    return fields -> {
      for (Filter filter : filters) {
        if (filter.test(fields)) {
          return true;
        }
      }
      return false;
    };
  }
}
