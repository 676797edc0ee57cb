package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filter;
import org.felucca.shell.view.Similar;
import org.jspecify.annotations.Nullable;

/**
 * The filters of a list. {@code key=value} is read as docker reads it: one of several values of a
 * key is enough, every label must be there, and every key must fit. Anything else is containerd's
 * grammar over the members of the JSON document; one of several such filters is enough.
 *
 * @param <R> a row
 */
final class RowFilters<R extends Record> implements Predicate<R> {
  private static final Pattern HABIT = Pattern.compile("([A-Za-z_-]+)=(?!=)(.*)", Pattern.DOTALL);
  private static final Set<String> EVERY = Set.of("label");

  private final Map<String, Predicate<R>> byKey = new LinkedHashMap<>();
  private final List<Filter> grammar = new ArrayList<>();
  private final Listing<R> listing;

  private RowFilters(Listing<R> listing) {
    this.listing = listing;
  }

  /**
   * Reads filters.
   *
   * @param members the members of a row
   * @throws EngineException INVALID_ARGUMENT with the place of the mistake
   */
  static <R extends Record> RowFilters<R> parse(
      Listing<R> listing, Set<String> members, List<String> texts) {
    RowFilters<R> filters = new RowFilters<>(listing);
    for (String text : texts) {
      Matcher habit = HABIT.matcher(text);
      if (habit.matches()) {
        String key = habit.group(1);
        Predicate<R> test = habit(listing, members, text, key, habit.group(2));
        filters.byKey.merge(key, test, EVERY.contains(key) ? Predicate::and : Predicate::or);
      } else {
        Filter filter = Filter.parse(text);
        for (String root : filter.roots()) {
          if (!members.contains(root) && !listing.otherFields().contains(root)) {
            throw unknown(text, root, members);
          }
        }
        filters.grammar.add(filter);
      }
    }
    return filters;
  }

  private static <R extends Record> Predicate<R> habit(
      Listing<R> listing, Set<String> members, String text, String key, String value) {
    Predicate<R> own = listing.habit(key, value);
    if (own != null) {
      return own;
    }
    if (key.equals("label") && members.contains("labels")) {
      int equals = value.indexOf('=');
      String name = equals < 0 ? value : value.substring(0, equals);
      String wanted = equals < 0 ? null : value.substring(equals + 1);
      return row ->
          member(row, "labels") instanceof Map<?, ?> labels
              && labels.containsKey(name)
              && (wanted == null || wanted.equals(labels.get(name)));
    }
    if (!members.contains(key)) {
      Set<String> known = new LinkedHashSet<>(listing.habits());
      if (members.contains("labels")) {
        known.add("label");
      }
      known.addAll(members);
      throw unknown(text, key, known);
    }
    return switch (key) {
      case "name" -> row -> text(member(row, key)).contains(value);
      case "id" -> row -> text(member(row, key)).startsWith(value);
      default -> row -> text(member(row, key)).equals(value);
    };
  }

  private static EngineException unknown(String text, String key, Set<String> known) {
    List<String> close = Similar.close(key, known);
    return EngineException.invalid(
        "--filter %s: there is no field %s%s; there are %s"
            .formatted(
                text,
                key,
                close.isEmpty() ? "" : " (did you mean " + String.join(" or ", close) + "?)",
                String.join(", ", known)));
  }

  /** Whether docker's way was used with this key. */
  boolean names(String key) {
    return byKey.containsKey(key)
        || grammar.stream().anyMatch(filter -> filter.roots().contains(key));
  }

  @Override
  public boolean test(R row) {
    for (Predicate<R> test : byKey.values()) {
      if (!test.test(row)) {
        return false;
      }
    }
    if (grammar.isEmpty()) {
      return true;
    }
    Object tree = Json.allMembers(row, Json.Names.SNAKE);
    Fields more = listing.moreFields(row);
    Fields fields =
        path -> {
          Optional<String> found = find(tree, path);
          return found.isPresent() ? found : more.field(path);
        };
    return grammar.stream().anyMatch(filter -> filter.test(fields));
  }

  /** Steps down; the rest of a path, joined by dots, may be one key of a map. */
  private static Optional<String> find(@Nullable Object value, List<String> path) {
    if (path.isEmpty()) {
      return value == null || value instanceof Map ? Optional.empty() : Optional.of(text(value));
    }
    if (!(value instanceof Map<?, ?> map)) {
      return Optional.empty();
    }
    String joined = String.join(".", path);
    if (map.containsKey(joined)) {
      return find(map.get(joined), List.of());
    }
    return find(map.get(path.getFirst()), path.subList(1, path.size()));
  }

  private static @Nullable Object member(Record row, String name) {
    return Json.allMembers(row, Json.Names.SNAKE) instanceof Map<?, ?> map ? map.get(name) : null;
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case List<?> list -> String.join(" ", list.stream().map(String::valueOf).toList());
      default -> value.toString();
    };
  }
}
