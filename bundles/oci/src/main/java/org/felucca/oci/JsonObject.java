package org.felucca.oci;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.jspecify.annotations.Nullable;

/**
 * A typed view over an object of a JSON document. Reading a member as another type than it has
 * throws INVALID_ARGUMENT with its place in the document; a member that is null counts as missing.
 * Objects that are handed out are views too: changing one changes the document. Not safe for
 * several threads that change it.
 */
public final class JsonObject {
  private final Map<String, @Nullable Object> members;
  private final String where;

  JsonObject(Map<String, @Nullable Object> members, String where) {
    this.members = members;
    this.where = where;
  }

  /** A new empty object, called so in messages. */
  public static JsonObject create(String what) {
    return new JsonObject(new LinkedHashMap<>(), what);
  }

  /** What it is called in messages. */
  public String where() {
    return where;
  }

  /** The names of its members, in order. */
  public Set<String> names() {
    return Collections.unmodifiableSet(members.keySet());
  }

  /** Whether there is such a member, and not null. */
  public boolean has(String name) {
    return members.get(name) != null;
  }

  /** The bare value of a member, or null. */
  public @Nullable Object get(String name) {
    return members.get(name);
  }

  /** A text, or null if missing. */
  public @Nullable String string(String name) {
    Object value = members.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof String text) {
      return text;
    }
    throw wrong(name, value, "a text");
  }

  /** A text, or the other if missing. */
  public String string(String name, String otherwise) {
    String text = string(name);
    return text == null ? otherwise : text;
  }

  /** A text that must be there. */
  public String requiredString(String name) {
    String text = string(name);
    if (text == null) {
      throw missing(name);
    }
    return text;
  }

  /** A whole number, or the other if missing. */
  public long number(String name, long otherwise) {
    Object value = members.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Long number) {
      return number;
    }
    throw wrong(name, value, "a whole number of 64 bits");
  }

  /** A whole number that must be there. */
  public long requiredNumber(String name) {
    if (!has(name)) {
      throw missing(name);
    }
    return number(name, 0);
  }

  /** A truth value, or the other if missing. */
  public boolean bool(String name, boolean otherwise) {
    Object value = members.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Boolean truth) {
      return truth;
    }
    throw wrong(name, value, "true or false");
  }

  /** A time of RFC 3339, or null if missing. */
  public @Nullable Instant instant(String name) {
    String text = string(name);
    return text == null ? null : instant(text, at(name));
  }

  /** An object, or null if missing. */
  public @Nullable JsonObject object(String name) {
    Object value = members.get(name);
    if (value == null) {
      return null;
    }
    return new JsonObject(Json.asMap(value, at(name)), at(name));
  }

  /** An object that must be there. */
  public JsonObject requiredObject(String name) {
    JsonObject object = object(name);
    if (object == null) {
      throw missing(name);
    }
    return object;
  }

  /** An object, made new and empty if missing. */
  public JsonObject objectOrNew(String name) {
    if (!has(name)) {
      members.put(name, new LinkedHashMap<String, @Nullable Object>());
    }
    return requiredObject(name);
  }

  /** A list of objects; empty if missing. */
  public List<JsonObject> objects(String name) {
    List<JsonObject> objects = new ArrayList<>();
    for (Object item : list(name)) {
      String place = at(name) + "[" + objects.size() + "]";
      objects.add(new JsonObject(Json.asMap(item, place), place));
    }
    return objects;
  }

  /** A list of texts; empty if missing. */
  public List<String> strings(String name) {
    List<String> texts = new ArrayList<>();
    for (Object item : list(name)) {
      if (!(item instanceof String text)) {
        throw wrong(name + "[" + texts.size() + "]", item, "a text");
      }
      texts.add(text);
    }
    return texts;
  }

  /** An object whose members are texts, in order; empty if missing. */
  public Map<String, String> stringMap(String name) {
    JsonObject object = object(name);
    Map<String, String> texts = new LinkedHashMap<>();
    if (object != null) {
      for (String key : object.members.keySet()) {
        texts.put(key, object.string(key, ""));
      }
    }
    return texts;
  }

  /** A list of bare values, not to be changed; empty if missing. */
  public List<@Nullable Object> list(String name) {
    Object value = members.get(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list)) {
      throw wrong(name, value, "an array");
    }
    @SuppressWarnings("unchecked") // a list of a tree
    List<@Nullable Object> typed = (List<@Nullable Object>) list;
    return typed;
  }

  /**
   * Sets a member to anything that {@link Json#bytes(Object)} takes. An object that is put is
   * copied.
   *
   * @return this
   */
  public JsonObject put(String name, @Nullable Object value) {
    members.put(name, Json.tree(value, Json.Names.CAMEL));
    return this;
  }

  /** Appends to a list, which is made new if missing; returns this. */
  public JsonObject add(String name, @Nullable Object value) {
    List<@Nullable Object> longer = new ArrayList<>(list(name));
    longer.add(Json.tree(value, Json.Names.CAMEL));
    members.put(name, longer);
    return this;
  }

  /** Takes a member away. */
  public void remove(String name) {
    members.remove(name);
  }

  /** A copy that shares nothing with this. */
  public JsonObject copy() {
    return new JsonObject(Json.asMap(Json.tree(this, Json.Names.CAMEL), where), where);
  }

  /**
   * This, never to be changed again: it is shared with what it is put into, not copied, and what
   * tries to change it there fails.
   */
  public JsonObject frozen() {
    return new JsonObject(FrozenMap.of(copy().members), where);
  }

  /** The document as JSON without any space. */
  public byte[] bytes() {
    return Json.bytes(this);
  }

  /**
   * Refuses members whose names differ from known ones in their case alone: other readers would
   * take them for those, and see another document than this one does.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public void refuseLookalikes(Set<String> known) {
    for (String name : members.keySet()) {
      if (!known.contains(name)) {
        for (String real : known) {
          if (name.toLowerCase(Locale.ROOT).equals(real.toLowerCase(Locale.ROOT))) {
            throw EngineException.invalid(
                "%s has a member %s, which some readers take for %s"
                    .formatted(where, Identifiers.quote(name), real));
          }
        }
      }
    }
  }

  /** The failure that something is wrong with this object. */
  public EngineException invalid(String why) {
    return EngineException.invalid(where + ": " + why);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonObject o && members.equals(o.members);
  }

  @Override
  public int hashCode() {
    return members.hashCode();
  }

  @Override
  public String toString() {
    return Json.pretty(this).strip();
  }

  Map<String, @Nullable Object> members() {
    return members;
  }

  static Instant instant(String text, String place) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "%s is %s where a time such as 2026-01-31T12:00:00Z is expected"
              .formatted(place, Identifiers.quote(text)),
          e);
    }
  }

  private String at(String name) {
    return where.indexOf(": ") < 0 ? where + ": " + name : where + "." + name;
  }

  private EngineException missing(String name) {
    return EngineException.invalid(at(name) + " is missing");
  }

  private EngineException wrong(String name, @Nullable Object value, String expected) {
    return EngineException.invalid(
        "%s is %s where %s is expected".formatted(at(name), Json.kindOf(value), expected));
  }
}
