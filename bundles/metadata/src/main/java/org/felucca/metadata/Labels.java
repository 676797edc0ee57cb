package org.felucca.metadata;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Labels as containerd has them: their limits, and how a field mask changes them. */
final class Labels {

  /** The most bytes of a key and its value together. */
  static final int MOST = 4096;

  private Labels() {}

  /**
   * Checks new labels and leaves the empty ones out.
   *
   * @throws EngineException INVALID_ARGUMENT for a label that is too long
   */
  static Map<String, String> checked(Map<String, String> labels) {
    Map<String, String> kept = new HashMap<>();
    labels.forEach(
        (key, value) -> {
          int length = key.getBytes(UTF_8).length + value.getBytes(UTF_8).length;
          if (length > MOST) {
            throw EngineException.invalid(
                "label %s and its value have %d bytes; at most %d are allowed"
                    .formatted(
                        Identifiers.quote(key.substring(0, Math.min(40, key.length()))),
                        length,
                        MOST));
          }
          if (key.isEmpty()) {
            throw EngineException.invalid("a label without a key is not allowed");
          }
          if (!value.isEmpty()) {
            kept.put(key, value);
          }
        });
    return Map.copyOf(kept);
  }

  /**
   * What a change of labels alone makes of them.
   *
   * @param what what has the labels, for messages
   * @param paths {@code labels}, {@code labels.<key>}; empty replaces all
   * @throws EngineException INVALID_ARGUMENT for another path or a label that is too long
   */
  static Map<String, String> changed(
      String what, Map<String, String> before, Map<String, String> given, Set<String> paths) {
    Map<String, String> after = before;
    if (paths.isEmpty()) {
      after = given;
    }
    for (String path : paths) {
      if (!isLabelPath(path)) {
        throw unknownPath(what, path, "labels and labels.<key>");
      }
      after = masked(after, given, path);
    }
    return checked(after);
  }

  static boolean isLabelPath(String path) {
    return path.equals("labels") || path.startsWith("labels.");
  }

  /** One path of labels applied; the key is all behind the first dot. */
  static Map<String, String> masked(
      Map<String, String> before, Map<String, String> given, String path) {
    if (path.equals("labels")) {
      return given;
    }
    String key = path.substring(path.indexOf('.') + 1);
    Map<String, String> after = new HashMap<>(before);
    String value = given.getOrDefault(key, "");
    if (value.isEmpty()) {
      after.remove(key);
    } else {
      after.put(key, value);
    }
    return after;
  }

  static EngineException unknownPath(String what, String path, String known) {
    return EngineException.invalid(
        "changing %s: the field %s can't be changed; those that can are %s"
            .formatted(what, Identifiers.quote(path), known));
  }
}
