package org.felucca.diff;

import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/**
 * The name of an entry, cleaned: without empty parts, dots and slashes at its ends. Both are empty
 * for the root of the layer.
 *
 * @param parent the folder that it lies in, relative to the root; empty for the root
 * @param name the last part
 */
record LayerPath(String parent, String name) {
  static final LayerPath ROOT = new LayerPath("", "");
  private static final int MAX_LENGTH = 4096;

  /**
   * Reads a name of an archive. A leading slash means the root of the layer, as some writers have
   * it.
   *
   * @throws EngineException INVALID_ARGUMENT for {@code ..}, NUL and what is too long
   */
  static LayerPath parse(String name) {
    if (name.length() > MAX_LENGTH) {
      throw EngineException.invalid(
          "a name of %d characters is too long, it begins %s"
              .formatted(name.length(), Identifiers.quote(name.substring(0, 80))));
    }
    if (name.isEmpty()) {
      throw EngineException.invalid("an entry has no name");
    }
    String clean = name;
    if (!isClean(name)) {
      StringBuilder text = new StringBuilder(name.length());
      for (String part : name.split("/", -1)) {
        if (part.equals("..")) {
          throw EngineException.invalid(
              "the name %s would lead out of its folder".formatted(Identifiers.quote(name)));
        }
        if (!part.isEmpty() && !part.equals(".")) {
          text.append(text.isEmpty() ? "" : "/").append(part);
        }
      }
      clean = text.toString();
      if (clean.indexOf(0) >= 0) {
        throw EngineException.invalid("the name %s holds NUL".formatted(Identifiers.quote(name)));
      }
    }
    if (clean.isEmpty()) {
      return ROOT;
    }
    int slash = clean.lastIndexOf('/');
    return slash < 0
        ? new LayerPath("", clean)
        : new LayerPath(clean.substring(0, slash), clean.substring(slash + 1));
  }

  /** Whether there is nothing to clean: no part is empty or begins with a dot, no NUL. */
  private static boolean isClean(String name) {
    char before = '/';
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == 0 || (before == '/' && (c == '/' || c == '.'))) {
        return false;
      }
      before = c;
    }
    return before != '/';
  }

  boolean isRoot() {
    return name.isEmpty();
  }

  /** All of it. */
  String path() {
    return parent.isEmpty() ? name : parent + "/" + name;
  }
}
