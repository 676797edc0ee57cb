package org.felucca.oci;

import java.lang.reflect.InvocationTargetException;
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
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/** Turns records and the values of {@link Json#bytes(Object)} into bare JSON values. */
final class RecordWriter {
  private final Json.Names names;
  private final boolean withNulls;

  /**
   * @param withNulls whether components that are null are members
   */
  RecordWriter(Json.Names names, boolean withNulls) {
    this.names = names;
    this.withNulls = withNulls;
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
      case FrozenMap shared -> shared;
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
      case Record record -> record(record);
      default ->
          throw new IllegalArgumentException(value.getClass() + " is not something JSON can hold");
    };
  }

  private @Nullable Object record(Record record) {
    RecordShape shape = RecordShape.of(record.getClass());
    if (shape.parser() != null) {
      return record.toString();
    }
    if (shape.isValue()) {
      return component(record, shape.components().getFirst());
    }
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (RecordShape.Component component : shape.components()) {
      Object member = tree(component(record, component));
      if (member != null || withNulls) {
        members.put(component.name(names), member);
      }
    }
    return members;
  }

  private static @Nullable Object component(Record record, RecordShape.Component component) {
    try {
      return component.accessor().invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw EngineException.internal(
          "write %s of %s as JSON: %s"
              .formatted(component.camel(), record.getClass().getName(), e.getMessage()),
          e);
    }
  }
}
