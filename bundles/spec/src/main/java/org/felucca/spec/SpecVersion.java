package org.felucca.spec;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Versions of the runtime specification, such as {@code 1.0.2-dev}. */
final class SpecVersion {
  private static final Pattern GRAMMAR =
      Pattern.compile("([0-9]{1,6})\\.([0-9]{1,6})\\.([0-9]{1,6})([-+][0-9A-Za-z.+-]*)?");

  private SpecVersion() {}

  /** The older of two; the first if they are the same but for what is behind their numbers. */
  static String older(String first, String second) {
    int[] a = numbers(first);
    int[] b = numbers(second);
    for (int i = 0; i < a.length; i++) {
      if (a[i] != b[i]) {
        return a[i] < b[i] ? first : second;
      }
    }
    return first;
  }

  private static int[] numbers(String version) {
    Matcher matcher = GRAMMAR.matcher(version);
    if (!matcher.matches()) {
      throw EngineException.invalid(
          "%s is no version of the runtime specification".formatted(Identifiers.quote(version)));
    }
    return new int[] {
      Integer.parseInt(matcher.group(1)),
      Integer.parseInt(matcher.group(2)),
      Integer.parseInt(matcher.group(3))
    };
  }
}
