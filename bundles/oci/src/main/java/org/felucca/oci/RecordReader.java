package org.felucca.oci;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.jspecify.annotations.Nullable;

/** Makes records of bare JSON values; the types are those of {@link Json#read}. */
final class RecordReader {
  private final Json.Names names;

  RecordReader(Json.Names names) {
    this.names = names;
  }

  @Nullable Object read(@Nullable Object value, Type type, String where) {
    if (type instanceof ParameterizedType generic) {
      return readGeneric(value, (Class<?>) generic.getRawType(), generic, where);
    }
    if (!(type instanceof Class<?> plain)) {
      throw new IllegalArgumentException(where + ": JSON has no type for " + type);
    }
    if (value == null) {
      return absent(plain);
    }
    return readPlain(value, plain, where);
  }

  private @Nullable Object readGeneric(
      @Nullable Object value, Class<?> raw, ParameterizedType type, String where) {
    Type[] arguments = type.getActualTypeArguments();
    if (raw == Optional.class) {
      return Optional.ofNullable(value == null ? null : read(value, arguments[0], where));
    }
    if (raw == Map.class) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      if (value != null) {
        Json.asMap(value, where)
            .forEach(
                (name, member) -> map.put(name, read(member, arguments[1], where + "." + name)));
      }
      return Collections.unmodifiableMap(map);
    }
    Collection<@Nullable Object> items =
        raw == Set.class ? new LinkedHashSet<>() : new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object item : list) {
        items.add(read(item, arguments[0], where + "[" + items.size() + "]"));
      }
    } else if (value != null) {
      throw wrong(where, value, "an array");
    }
    return items instanceof Set<?> set
        ? Collections.unmodifiableSet(set)
        : Collections.unmodifiableList((List<?>) items);
  }

  private Object readPlain(Object value, Class<?> type, String where) {
    if (type == Object.class) {
      return value;
    }
    if (type == JsonObject.class) {
      return new JsonObject(Json.asMap(value, where), where);
    }
    if (type == boolean.class || type == Boolean.class) {
      return value instanceof Boolean ? value : fail(where, value, "true or false");
    }
    if (type == long.class || type == Long.class) {
      return value instanceof Long ? value : fail(where, value, "a whole number of 64 bits");
    }
    if (type == int.class || type == Integer.class) {
      return value instanceof Long number && number == number.intValue()
          ? (Object) number.intValue()
          : fail(where, value, "a whole number of 32 bits");
    }
    if (type == double.class || type == Double.class) {
      return value instanceof Number number
          ? (Object) number.doubleValue()
          : fail(where, value, "a number");
    }
    if (type.isRecord() && !RecordShape.of(type).isText()) {
      return readRecord(Json.asMap(value, where), type, where);
    }
    if (!(value instanceof String text)) {
      throw wrong(where, value, "a text");
    }
    return readText(text, type, where);
  }

  private Object readText(String text, Class<?> type, String where) {
    try {
      if (type == String.class) {
        return text;
      } else if (type == Instant.class) {
        return JsonObject.instant(text, where);
      } else if (type == Duration.class) {
        return Duration.parse(text);
      } else if (type == Path.class) {
        return Path.of(text);
      } else if (type == byte[].class) {
        return Base64.getDecoder().decode(text);
      } else if (type.isEnum()) {
        for (Object constant : type.getEnumConstants()) {
          if (((Enum<?>) constant).name().equals(text)) {
            return constant;
          }
        }
        throw EngineException.invalid(where + " is not known: " + Identifiers.quote(text));
      }
    } catch (DateTimeException | InvalidPathException e) {
      throw malformed(text, where, e);
    } catch (IllegalArgumentException e) {
      throw malformed("...", where, e);
    }
    RecordShape shape = RecordShape.of(type);
    Method parser = shape.parser();
    Constructor<?> constructor = shape.constructor();
    try {
      if (parser != null) {
        return parser.invoke(null, text);
      }
      if (constructor != null && shape.isValue()) {
        return constructor.newInstance(text);
      }
    } catch (ReflectiveOperationException e) {
      throw failure(e, where);
    }
    throw new IllegalArgumentException(where + ": JSON has no type for " + type);
  }

  private Object readRecord(Map<String, @Nullable Object> members, Class<?> type, String where) {
    RecordShape shape = RecordShape.of(type);
    Constructor<?> constructor = shape.constructor();
    if (constructor == null) {
      throw new IllegalArgumentException(type + " is no record");
    }
    @Nullable Object[] values = new @Nullable Object[shape.components().size()];
    for (int i = 0; i < values.length; i++) {
      RecordShape.Component component = shape.components().get(i);
      String name = component.name(names);
      values[i] = read(members.get(name), component.type(), below(where, name));
    }
    try {
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw failure(e, where);
    }
  }

  private static String below(String where, String name) {
    return where.indexOf(": ") < 0 ? where + ": " + name : where + "." + name;
  }

  private static @Nullable Object absent(Class<?> type) {
    if (type == boolean.class) {
      return false;
    } else if (type == int.class) {
      return 0;
    } else if (type == long.class) {
      return 0L;
    } else if (type == double.class) {
      return 0.0;
    }
    return null;
  }

  private static EngineException failure(ReflectiveOperationException e, String where) {
    if (e instanceof InvocationTargetException target && target.getCause() != null) {
      Throwable cause = target.getCause();
      return new EngineException(
          cause instanceof EngineException known ? known.kind() : ErrorKind.INVALID_ARGUMENT,
          where + ": " + (cause.getMessage() == null ? "a member is missing" : cause.getMessage()),
          cause);
    }
    return EngineException.internal(where + ": " + e.getMessage(), e);
  }

  private static Object fail(String where, Object value, String expected) {
    throw wrong(where, value, expected);
  }

  private static EngineException wrong(String where, Object value, String expected) {
    return EngineException.invalid(
        "%s is %s where %s is expected".formatted(where, Json.kindOf(value), expected));
  }

  private static EngineException malformed(String text, String where, Exception e) {
    return new EngineException(
        ErrorKind.INVALID_ARGUMENT, where + " is malformed: " + Identifiers.quote(text), e);
  }
}
