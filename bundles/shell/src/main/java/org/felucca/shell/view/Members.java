package org.felucca.shell.view;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Members of bare JSON values by the names that people use for them. */
final class Members {
  private Members() {}

  /**
   * The name of the member that is meant: as it is, or the same but for capitals and underscores
   * ({@code ExitStatus} for {@code exit_status}); null if there is none.
   */
  static @Nullable String match(Iterable<String> names, String name) {
    String plain = plain(name);
    String found = null;
    for (String candidate : names) {
      if (candidate.equals(name)) {
        return candidate;
      }
      if (found == null && plain(candidate).equals(plain)) {
        found = candidate;
      }
    }
    return found;
  }

  /**
   * A member of a value within a document. What a map of texts (labels and the like) does not hold
   * is null.
   *
   * @param lenient whether any other map may lack it, too
   * @throws EngineException INVALID_ARGUMENT if there can't be such a member
   */
  static @Nullable Object of(@Nullable Object owner, String name, boolean lenient) {
    if (owner == null) {
      return null;
    }
    if (!(owner instanceof Map<?, ?> map)) {
      throw EngineException.invalid(
          "%s is asked of %s, which has no members"
              .formatted(name, owner instanceof List<?> ? "a list" : text(owner)));
    }
    if (map.containsKey(name)) {
      return map.get(name);
    }
    List<String> names = map.keySet().stream().map(String::valueOf).toList();
    String match = match(names, name);
    if (match != null) {
      return map.get(match);
    }
    boolean open = map.values().stream().allMatch(value -> value instanceof String);
    if (open || lenient) {
      return null;
    }
    throw unknown(name, names);
  }

  /** The failure that there is no such name. */
  static EngineException unknown(String name, List<String> known) {
    List<String> close = Similar.close(name, known);
    return EngineException.invalid(
        "there is no field %s%s; there are %s"
            .formatted(
                name,
                close.isEmpty() ? "" : " (did you mean " + String.join(" or ", close) + "?)",
                String.join(", ", known)));
  }

  /** As Go prints it; nothing for null. */
  static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case BigDecimal number -> number.toPlainString();
      case List<?> list ->
          list.stream().map(Members::text).collect(Collectors.joining(" ", "[", "]"));
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> entry.getKey() + ":" + text(entry.getValue()))
              .collect(Collectors.joining(" ", "map[", "]"));
      default -> value.toString();
    };
  }

  /** What counts as true in a condition. */
  static boolean isTrue(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean truth -> truth;
      case Long number -> number != 0;
      case BigDecimal number -> number.signum() != 0;
      case String text -> !text.isEmpty();
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      default -> true;
    };
  }

  private static String plain(String name) {
    return name.replace("_", "").toLowerCase(Locale.ROOT);
  }
}
