package org.felucca.oci;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Turns records and the values of {@link Json#bytes(Object)} into bare JSON values. */
final class RecordWriter {
  private final Json.Names names;

  RecordWriter(Json.Names names) {
    this.names = names;
  }

  @Nullable Object tree(@Nullable Object value) {
    return switch (value) {
      case null -> null;
      case String text -> text;
      case Boolean truth -> truth;
      case Long number -> number;
      case Integer number -> (long) number;
      case Short number -> (long) number;
      case Byte number -> (long) number;
      case Double number -> BigDecimal.valueOf(number);
      case Float number -> new BigDecimal(number.toString());
      case BigInteger number -> number.bitLength() < 64 ? (Object) number.longValue() : number;
      case BigDecimal number -> number;
      case Instant time -> time.toString();
      case Duration duration -> duration.toString();
      case Path path -> path.toString();
      case Enum<?> constant -> constant.name();
      case byte[] bytes -> Base64.getEncoder().encodeToString(bytes);
      case Optional<?> optional -> tree(optional.orElse(null));
      case JsonObject object -> tree(object.members());
      case Map<?, ?> map -> {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((name, member) -> copy.put(String.valueOf(name), tree(member)));
        yield copy;
      }
      case Collection<?> items -> {
        List<@Nullable Object> copy = new ArrayList<>(items.size());
        for (Object item : items) {
          copy.add(tree(item));
        }
        yield copy;
      }
      case Record record -> isText(record.getClass()) ? text(record) : members(record);
      default ->
          throw new IllegalArgumentException(value.getClass() + " is not something JSON can hold");
    };
  }

  /** Whether a record stands for a text: it parses one, or holds nothing else. */
  static boolean isText(Class<?> type) {
    return parser(type) != null || isValue(type);
  }

  static @Nullable Method parser(Class<?> type) {
    try {
      Method parse = type.getMethod("parse", String.class);
      return parse.getReturnType() == type ? parse : null;
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  static boolean isValue(Class<?> type) {
    if (!type.isRecord()) {
      return false;
    }
    RecordComponent[] components = type.getRecordComponents();
    return components.length == 1
        && components[0].getName().equals("value")
        && components[0].getType() == String.class;
  }

  static String memberName(String component, Json.Names names) {
    if (names == Json.Names.CAMEL) {
      return component;
    }
    StringBuilder snake = new StringBuilder();
    for (int i = 0; i < component.length(); i++) {
      char c = component.charAt(i);
      if (Character.isUpperCase(c)) {
        snake.append('_');
      }
      snake.append(c);
    }
    return snake.toString().toLowerCase(Locale.ROOT);
  }

  private static String text(Record record) {
    if (parser(record.getClass()) == null) {
      return String.valueOf(component(record, record.getClass().getRecordComponents()[0]));
    }
    return record.toString();
  }

  private Map<String, @Nullable Object> members(Record record) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      Object member = tree(component(record, component));
      if (member != null) {
        members.put(memberName(component.getName(), names), member);
      }
    }
    return members;
  }

  private static @Nullable Object component(Record record, RecordComponent component) {
    try {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw EngineException.internal(
          "write %s of %s as JSON: %s"
              .formatted(component.getName(), record.getClass().getName(), e.getMessage()),
          e);
    }
  }
}
