package org.felucca.metadata;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.felucca.api.EngineException;
import org.felucca.api.TypedBytes;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.oci.Descriptors;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;

/**
 * How values stand in columns. Reading throws {@link Sql.BadRecord} if a column holds anything
 * else.
 */
final class Columns {

  private static final long BILLION = 1_000_000_000;

  private Columns() {}

  static long write(Instant time) {
    return Math.addExact(Math.multiplyExact(time.getEpochSecond(), BILLION), time.getNano());
  }

  static Instant time(long nanos) {
    return Instant.ofEpochSecond(Math.floorDiv(nanos, BILLION), Math.floorMod(nanos, BILLION));
  }

  static String write(Map<String, String> map) {
    return map.isEmpty() ? "{}" : new String(Json.bytes(new TreeMap<>(map)), UTF_8);
  }

  /** A map of texts, unmodifiable. */
  static Map<String, String> map(String column, String record) {
    if (column.equals("{}")) {
      return Map.of();
    }
    try {
      JsonObject json = Json.object(column.getBytes(UTF_8), record);
      Map<String, String> map = new TreeMap<>();
      for (String name : json.names()) {
        map.put(name, json.requiredString(name));
      }
      return Collections.unmodifiableMap(map);
    } catch (EngineException e) {
      throw new Sql.BadRecord("the labels of " + e.getMessage(), e);
    }
  }

  static String writeTyped(Map<String, TypedBytes> map) {
    JsonObject json = JsonObject.create("extensions");
    new TreeMap<>(map)
        .forEach(
            (name, value) ->
                json.put(
                    name,
                    JsonObject.create(name)
                        .put("type", value.typeUrl())
                        .put("value", Base64.getEncoder().encodeToString(value.value()))));
    return new String(json.bytes(), UTF_8);
  }

  static Map<String, TypedBytes> typed(String column, String record) {
    if (column.equals("{}")) {
      return Map.of();
    }
    try {
      JsonObject json = Json.object(column.getBytes(UTF_8), record);
      Map<String, TypedBytes> map = new TreeMap<>();
      for (String name : json.names()) {
        JsonObject value = json.requiredObject(name);
        map.put(
            name,
            new TypedBytes(
                value.requiredString("type"),
                Base64.getDecoder().decode(value.requiredString("value"))));
      }
      return map;
    } catch (EngineException | IllegalArgumentException e) {
      throw new Sql.BadRecord("the extensions of " + record + ": " + e.getMessage(), e);
    }
  }

  static String write(Descriptor descriptor) {
    return new String(Descriptors.write(descriptor).bytes(), UTF_8);
  }

  static Descriptor descriptor(String column, String record) {
    try {
      return Descriptors.read(Json.object(column.getBytes(UTF_8), record));
    } catch (EngineException e) {
      throw new Sql.BadRecord("the target of " + e.getMessage(), e);
    }
  }

  static Digest digest(String column) {
    try {
      return Digest.parse(column);
    } catch (EngineException e) {
      throw new Sql.BadRecord(String.valueOf(e.getMessage()), e);
    }
  }
}
