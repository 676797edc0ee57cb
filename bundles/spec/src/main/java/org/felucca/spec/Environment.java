package org.felucca.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** The variables of a process; later ones go over earlier ones, in whose place they stay. */
final class Environment {
  /** Where programs are looked for if the image says nothing. */
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Map<String, String> variables = new LinkedHashMap<>();

  void set(String name, String value) {
    variables.put(name, value);
  }

  boolean has(String name) {
    return variables.containsKey(name);
  }

  /** Adds an image's variables; what is no variable is left out, as other engines do. */
  void addImage(List<String> entries) {
    for (String entry : entries) {
      int equals = entry.indexOf('=');
      if (equals > 0 && entry.indexOf('\0') < 0) {
        variables.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
  }

  /**
   * Adds a user's variables. A name without a value takes the variable away.
   *
   * @throws EngineException INVALID_ARGUMENT for an entry without a name or with a zero byte
   */
  void addUser(List<String> entries) {
    for (String entry : entries) {
      int equals = entry.indexOf('=');
      if (equals == 0 || entry.isEmpty() || entry.indexOf('\0') >= 0) {
        // The value may be a secret: only the name is shown.
        throw EngineException.invalid(
            "variable %s is malformed: write it as NAME=value"
                .formatted(
                    Identifiers.quote(equals < 0 ? entry : entry.substring(0, equals) + "=...")));
      }
      if (equals < 0) {
        variables.remove(entry);
      } else {
        variables.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
  }

  List<String> list() {
    List<String> list = new ArrayList<>(variables.size());
    variables.forEach((name, value) -> list.add(name + "=" + value));
    return list;
  }
}
