package org.felucca.shell.view;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * What a template looks at: a document with snake_case members, and beside them the words that
 * people know from docker.
 */
public final class Document {
  private final Object document;
  private final Map<String, Supplier<? extends @Nullable Object>> words = new LinkedHashMap<>();
  private @Nullable Map<String, @Nullable Object> members;

  /**
   * @param document a record, a map or another value that {@link Json#bytes(Object)} takes
   */
  public Document(Object document) {
    this.document = document;
  }

  /** Adds a word; it goes before a member of this name. */
  public Document word(String name, Supplier<? extends @Nullable Object> value) {
    words.put(name, value);
    return this;
  }

  /** The document itself. */
  public Object whole() {
    return document;
  }

  /**
   * The value of a word or a member.
   *
   * @throws EngineException INVALID_ARGUMENT if there is none, with those that there are
   */
  @Nullable Object get(String name) {
    Supplier<? extends @Nullable Object> word = words.get(name);
    if (word != null) {
      return Json.allMembers(word.get(), Json.Names.SNAKE);
    }
    Map<String, @Nullable Object> all = members();
    String member = Members.match(all.keySet(), name);
    if (member != null) {
      return all.get(member);
    }
    String similar = Members.match(words.keySet(), name);
    if (similar != null) {
      return get(similar);
    }
    List<String> known = new ArrayList<>(words.keySet());
    known.addAll(all.keySet());
    throw Members.unknown(name, known);
  }

  private Map<String, @Nullable Object> members() {
    if (members == null) {
      Map<String, @Nullable Object> all = new LinkedHashMap<>();
      if (Json.allMembers(document, Json.Names.SNAKE) instanceof Map<?, ?> map) {
        map.forEach((name, value) -> all.put(String.valueOf(name), value));
      }
      members = all;
    }
    return members;
  }
}
