package org.felucca.shell.view;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/** The functions of templates: docker's, and those of Go that are of use here. */
final class TemplateFunctions {
  /** What a field with an argument is read as: {@code .Label "name"}. */
  static final String LABEL = ".Label";

  static final Set<String> NAMES =
      new java.util.TreeSet<>(
          List.of(
              "and",
              "eq",
              "ge",
              "gt",
              "index",
              "join",
              "json",
              "le",
              "len",
              "lower",
              "lt",
              "ne",
              "not",
              "or",
              "pad",
              "print",
              "printf",
              "println",
              "split",
              "title",
              "truncate",
              "upper"));

  private static final Pattern VERB = Pattern.compile("%(-?[0-9]*)([a-zA-Z%])");
  private static final int MOST_PADDING = 1000;

  private TemplateFunctions() {}

  static @Nullable Object call(String name, List<@Nullable Object> arguments) {
    return switch (name) {
      case LABEL -> label(arguments.get(0), text(arguments, 1, name));
      case "json" -> json(only(arguments, name));
      case "upper" -> text(arguments, 0, name).toUpperCase(Locale.ROOT);
      case "lower" -> text(arguments, 0, name).toLowerCase(Locale.ROOT);
      case "title" -> title(text(arguments, 0, name));
      case "join" -> join(argument(arguments, 0, name), text(arguments, 1, name));
      case "split" ->
          List.of(text(arguments, 0, name).split(Pattern.quote(text(arguments, 1, name)), -1));
      case "len" -> length(only(arguments, name));
      case "index" -> index(arguments);
      case "truncate" -> truncate(text(arguments, 0, name), number(arguments, 1, name));
      case "pad" ->
          " ".repeat(padding(arguments, 1, name))
              + text(arguments, 0, name)
              + " ".repeat(padding(arguments, 2, name));
      case "print", "println" -> {
        String joined =
            arguments.stream().map(TemplateFunctions::show).collect(Collectors.joining(" "));
        yield name.equals("println") ? joined + "\n" : joined;
      }
      case "printf" -> format(arguments);
      case "not" -> !Members.isTrue(only(arguments, name));
      case "and" ->
          arguments.stream()
              .filter(argument -> !Members.isTrue(argument))
              .findFirst()
              .orElse(arguments.getLast());
      case "or" ->
          arguments.stream().filter(Members::isTrue).findFirst().orElse(arguments.getLast());
      case "eq" -> {
        Object first = argument(arguments, 0, name);
        argument(arguments, 1, name);
        yield arguments.stream().skip(1).anyMatch(other -> same(first, other));
      }
      case "ne" -> !same(argument(arguments, 0, name), argument(arguments, 1, name));
      case "lt" -> compare(arguments, name) < 0;
      case "le" -> compare(arguments, name) <= 0;
      case "gt" -> compare(arguments, name) > 0;
      case "ge" -> compare(arguments, name) >= 0;
      default -> throw EngineException.invalid("there is no function " + name);
    };
  }

  static String json(@Nullable Object value) {
    Object whole = value instanceof Document document ? document.whole() : value;
    return new String(Json.bytes(whole, Json.Names.SNAKE), StandardCharsets.UTF_8);
  }

  private static String show(@Nullable Object value) {
    return value instanceof Document document ? json(document) : Members.text(value);
  }

  private static @Nullable Object label(@Nullable Object owner, String name) {
    Object labels =
        owner instanceof Document document
            ? document.get("labels")
            : Members.of(owner, "labels", true);
    return labels instanceof Map<?, ?> map ? map.get(name) : null;
  }

  private static String title(String text) {
    return Pattern.compile("\\b\\p{Ll}")
        .matcher(text)
        .replaceAll(match -> match.group().toUpperCase(Locale.ROOT));
  }

  private static String join(@Nullable Object list, String between) {
    return switch (list) {
      case null -> "";
      case List<?> items -> items.stream().map(Members::text).collect(Collectors.joining(between));
      default ->
          throw EngineException.invalid("join needs a list and what stands between its items");
    };
  }

  private static long length(@Nullable Object value) {
    return switch (value) {
      case null -> 0;
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      default -> show(value).codePointCount(0, show(value).length());
    };
  }

  private static @Nullable Object index(List<@Nullable Object> arguments) {
    Object value = argument(arguments, 0, "index");
    for (Object key : arguments.subList(1, arguments.size())) {
      value =
          switch (value) {
            case null -> null;
            case Document document -> document.get(Members.text(key));
            case Map<?, ?> map -> map.get(Members.text(key));
            case List<?> list -> {
              if (!(key instanceof Long at) || at < 0 || at >= list.size()) {
                throw EngineException.invalid(
                    "index %s is none of a list of %d".formatted(Members.text(key), list.size()));
              }
              yield list.get(at.intValue());
            }
            default -> throw EngineException.invalid("index needs a list or a map");
          };
    }
    return value;
  }

  private static String truncate(String text, long length) {
    return text.codePointCount(0, text.length()) <= length
        ? text
        : text.substring(0, text.offsetByCodePoints(0, (int) length));
  }

  /** Go's verbs %s, %v, %d, %q, %x with a width; each argument is shown as text. */
  private static String format(List<@Nullable Object> arguments) {
    StringBuilder out = new StringBuilder();
    Matcher verbs = VERB.matcher(text(arguments, 0, "printf"));
    int next = 1;
    while (verbs.find()) {
      String shown =
          switch (verbs.group(2)) {
            case "%" -> "%";
            case "s", "v", "d" -> show(argument(arguments, next++, "printf"));
            case "q" -> json(show(argument(arguments, next++, "printf")));
            case "x" -> Long.toHexString(number(arguments, next++, "printf"));
            default ->
                throw EngineException.invalid(
                    "printf knows %%s, %%v, %%d, %%q, %%x and %%%%, not %s"
                        .formatted(verbs.group()));
          };
      String width = verbs.group(1);
      if (width.length() > 4) {
        throw EngineException.invalid("printf: the width of " + verbs.group() + " is too large");
      }
      if (!width.isEmpty() && !width.equals("-") && !width.equals("0")) {
        shown = ("%" + width.replaceFirst("^0+", "") + "s").formatted(shown);
      }
      verbs.appendReplacement(out, Matcher.quoteReplacement(shown));
    }
    return verbs.appendTail(out).toString();
  }

  private static boolean same(@Nullable Object left, @Nullable Object right) {
    return Objects.equals(left, right) || Members.text(left).equals(Members.text(right));
  }

  private static int compare(List<@Nullable Object> arguments, String name) {
    Object left = argument(arguments, 0, name);
    Object right = argument(arguments, 1, name);
    try {
      return new BigDecimal(Members.text(left)).compareTo(new BigDecimal(Members.text(right)));
    } catch (NumberFormatException texts) {
      return Members.text(left).compareTo(Members.text(right));
    }
  }

  private static @Nullable Object only(List<@Nullable Object> arguments, String name) {
    if (arguments.size() != 1) {
      throw EngineException.invalid(
          "%s takes one argument, not %d".formatted(name, arguments.size()));
    }
    return arguments.getFirst();
  }

  private static @Nullable Object argument(List<@Nullable Object> arguments, int i, String name) {
    if (i >= arguments.size()) {
      throw EngineException.invalid(name + " needs more arguments");
    }
    return arguments.get(i);
  }

  private static String text(List<@Nullable Object> arguments, int i, String name) {
    return show(argument(arguments, i, name));
  }

  private static int padding(List<@Nullable Object> arguments, int i, String name) {
    return (int) Math.min(MOST_PADDING, number(arguments, i, name));
  }

  private static long number(List<@Nullable Object> arguments, int i, String name) {
    if (argument(arguments, i, name) instanceof Long number && number >= 0) {
      return number;
    }
    throw EngineException.invalid("%s needs a number for its argument %d".formatted(name, i + 1));
  }
}
