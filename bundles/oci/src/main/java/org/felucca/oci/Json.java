package org.felucca.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.jspecify.annotations.Nullable;

/**
 * Reading and writing JSON. What is read may come from strangers: depth, sizes and names are
 * bounded, a name that comes twice in an object is refused, and so is anything but UTF-8 or a
 * second value behind the first.
 *
 * <p>A value is a {@code Map} in the document's order, a {@code List}, a {@code String}, a {@code
 * Long}, {@code BigInteger} or {@code BigDecimal}, a {@code Boolean} or null. Numbers and unknown
 * members go through reading and writing unchanged.
 *
 * <p>Records are mapped by their components (see {@link #read} for the types). Nothing of a
 * record's class is kept between calls, so a bundle that is updated leaves nothing behind here.
 */
public final class Json {
  /** How the members of a record are called. */
  public enum Names {
    /** As the components are: {@code createdAt}. */
    CAMEL,
    /** In lower case with underscores: {@code created_at}. */
    SNAKE
  }

  /** The longest document that is read; the largest OCI documents have a few megabytes. */
  public static final int MAX_DOCUMENT = 16 << 20;

  private static final int MAX_DEPTH = 100;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(4 << 20)
                  .maxNameLength(16 << 10)
                  .maxNumberLength(100)
                  .maxDocumentLength(MAX_DOCUMENT)
                  .maxTokenCount(1_000_000)
                  .build())
          // Names from strangers must not fill a shared table, and no thread may hold on to this
          // class.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
          .build();

  private Json() {}

  /**
   * Reads a document that is an object.
   *
   * @param what what the document is, for messages, such as {@code "manifest sha256:..."}
   * @throws EngineException INVALID_ARGUMENT if it is not JSON, not an object or beyond the bounds
   */
  public static JsonObject object(byte[] bytes, String what) {
    return new JsonObject(asMap(value(bytes, what), what), what);
  }

  /**
   * Reads a document that is a list of objects.
   *
   * @param what what the document is, for messages
   * @throws EngineException INVALID_ARGUMENT
   */
  public static List<JsonObject> objects(byte[] bytes, String what) {
    if (!(value(bytes, what) instanceof List<?> list)) {
      throw EngineException.invalid(what + " is not a JSON array");
    }
    List<JsonObject> objects = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      String where = what + ": [" + i + "]";
      objects.add(new JsonObject(asMap(list.get(i), where), where));
    }
    return objects;
  }

  /**
   * Reads any document.
   *
   * @param what what the document is, for messages
   * @throws EngineException INVALID_ARGUMENT
   */
  public static @Nullable Object value(byte[] bytes, String what) {
    if (bytes.length > MAX_DOCUMENT) {
      throw EngineException.invalid(
          "%s has %d bytes; at most %d are read".formatted(what, bytes.length, MAX_DOCUMENT));
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new EngineException(ErrorKind.INVALID_ARGUMENT, what + " is not UTF-8", e);
    }
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() == null) {
        throw EngineException.invalid(what + " is empty where JSON is expected");
      }
      Object value = value(parser, what);
      if (parser.nextToken() != null) {
        throw EngineException.invalid(
            "%s has more behind its end, at byte %d"
                .formatted(what, parser.currentTokenLocation().getCharOffset()));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, what + " is not valid JSON: " + shortReason(e), e);
    } catch (IOException e) {
      throw new AssertionError("text in memory does not fail to be read", e);
    }
  }

  /**
   * Looks for one member of a document and reads no further than it: as if nothing were behind it.
   * For documents that were read as a whole before.
   *
   * @param what what the document is, for messages
   * @param path the names of the members that lead there
   * @return the JSON of the member as it stands in the document; null if there is none
   * @throws EngineException INVALID_ARGUMENT
   */
  public static @Nullable String member(byte[] bytes, String what, String... path) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try (JsonParser parser = FACTORY.createParser(text)) {
      parser.nextToken();
      for (String name : path) {
        if (parser.currentToken() != JsonToken.START_OBJECT || !moveTo(parser, name)) {
          return null;
        }
      }
      int begin = (int) parser.currentTokenLocation().getCharOffset();
      parser.skipChildren();
      // The end of a text or a number is known when it is read.
      parser.finishToken();
      return text.substring(begin, (int) parser.currentLocation().getCharOffset());
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, what + " is not valid JSON: " + shortReason(e), e);
    } catch (IOException e) {
      throw new AssertionError("text in memory does not fail to be read", e);
    }
  }

  private static boolean moveTo(JsonParser parser, String name) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean found = name.equals(parser.currentName());
      parser.nextToken();
      if (found) {
        return true;
      }
      parser.skipChildren();
    }
    return false;
  }

  /**
   * Reads a record. A component may be a String, a primitive number or boolean or its box, an
   * Instant (RFC 3339), a Duration (ISO 8601), a Path, an enum (by name), bytes (base64), a List,
   * Set, Optional or a Map with text keys of such types, another record, a JsonObject, or Object
   * for the bare value. A type with a static {@code parse(String)} and a record whose only
   * component is {@code String value} are texts. A missing collection is empty, a missing number 0,
   * anything else null.
   *
   * @param type the record
   * @param names how the members are called
   * @param what what the document is, for messages
   * @throws EngineException INVALID_ARGUMENT
   */
  public static <T extends Record> T read(byte[] bytes, Class<T> type, Names names, String what) {
    Object read = new RecordReader(names).read(value(bytes, what), type, what);
    if (read == null) {
      throw EngineException.invalid(what + " is null where an object is expected");
    }
    return type.cast(read);
  }

  /** As {@link #read(byte[], Class, Names, String)} with names as the components are. */
  public static <T extends Record> T read(byte[] bytes, Class<T> type, String what) {
    return read(bytes, type, Names.CAMEL, what);
  }

  /**
   * Writes a value, a {@link JsonObject} or a record (null components are left out) without any
   * space.
   */
  public static byte[] bytes(@Nullable Object value, Names names) {
    return write(value, names, false);
  }

  /** As {@link #bytes(Object, Names)} with names as the components are. */
  public static byte[] bytes(@Nullable Object value) {
    return write(value, Names.CAMEL, false);
  }

  /**
   * Writes as {@link #bytes(Object, Names)}, for people: two spaces of indent, a newline at the
   * end.
   */
  public static String pretty(@Nullable Object value, Names names) {
    return new String(write(value, names, true), StandardCharsets.UTF_8) + "\n";
  }

  /** As {@link #pretty(Object, Names)} with names as the components are. */
  public static String pretty(@Nullable Object value) {
    return pretty(value, Names.CAMEL);
  }

  /**
   * The bare value of a record or of anything that {@link #bytes(Object)} takes, where every
   * component of a record is there, those that are null as well.
   */
  public static @Nullable Object allMembers(@Nullable Object value, Names names) {
    return new RecordWriter(names, true).tree(value);
  }

  /** The names of a record's components. */
  public static List<String> names(Class<? extends Record> type, Names names) {
    return RecordShape.of(type).components().stream().map(c -> c.name(names)).toList();
  }

  /** The bare value of a record or of anything that {@link #bytes(Object)} takes. */
  static @Nullable Object tree(@Nullable Object value, Names names) {
    return new RecordWriter(names, false).tree(value);
  }

  static Map<String, @Nullable Object> asMap(@Nullable Object value, String what) {
    if (!(value instanceof Map<?, ?> map)) {
      throw EngineException.invalid(what + " is " + kindOf(value) + " where an object is expected");
    }
    @SuppressWarnings("unchecked") // every map of a tree has text keys
    Map<String, @Nullable Object> typed = (Map<String, @Nullable Object>) map;
    return typed;
  }

  static String kindOf(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case String s -> "a text";
      case Number n -> "a number";
      case Boolean b -> "a truth value";
      case List<?> l -> "an array";
      default -> "an object";
    };
  }

  private static @Nullable Object value(JsonParser parser, String what) throws IOException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          if (map.containsKey(name)) {
            throw EngineException.invalid(
                "%s has the member %s twice in one object"
                    .formatted(what, Identifiers.quote(clip(name))));
          }
          parser.nextToken();
          map.put(name, value(parser, what));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser, what));
        }
        yield list;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? (Object) parser.getBigIntegerValue()
              : (Object) parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw EngineException.invalid(what + " is not valid JSON: it ends too early");
    };
  }

  private static byte[] write(@Nullable Object value, Names names, boolean pretty) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      if (pretty) {
        DefaultIndenter indent = new DefaultIndenter("  ", "\n");
        generator.setPrettyPrinter(
            new DefaultPrettyPrinter().withObjectIndenter(indent).withArrayIndenter(indent));
      }
      // What a JsonObject holds is bare already.
      write(generator, value instanceof JsonObject object ? object.members() : tree(value, names));
    } catch (IOException e) {
      throw EngineException.internal("write JSON: " + e.getMessage(), e);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> generator.writeNull();
      case Map<?, ?> map -> {
        generator.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          generator.writeFieldName((String) entry.getKey());
          write(generator, entry.getValue());
        }
        generator.writeEndObject();
      }
      case List<?> list -> {
        generator.writeStartArray();
        for (Object item : list) {
          write(generator, item);
        }
        generator.writeEndArray();
      }
      case String text -> generator.writeString(text);
      case Long number -> generator.writeNumber(number);
      case BigInteger number -> generator.writeNumber(number);
      case BigDecimal number -> generator.writeNumber(number);
      case Boolean truth -> generator.writeBoolean(truth);
      default -> throw new IllegalArgumentException("not a JSON value: " + value.getClass());
    }
  }

  private static String shortReason(JsonProcessingException e) {
    String reason = clip(e.getOriginalMessage());
    return e.getLocation() == null
        ? reason
        : "%s (line %d, column %d)"
            .formatted(reason, e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  private static String clip(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
