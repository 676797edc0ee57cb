package org.felucca.shell.verb;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Amounts of memory as people type them: {@code 512m}, {@code 1.5g}, in powers of 1024. */
final class ByteSize {
  private static final Pattern GRAMMAR =
      Pattern.compile("([0-9]{1,15})(\\.[0-9]{1,6})?\\s*([kmgtp]?)(i?b)?");

  private ByteSize() {}

  /**
   * The number of bytes.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  static long parse(String option, String text) {
    Matcher matcher = GRAMMAR.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      int shift = matcher.group(3).isEmpty() ? 0 : 10 * (1 + "kmgtp".indexOf(matcher.group(3)));
      double bytes =
          Double.parseDouble(matcher.group(1) + (matcher.group(2) == null ? "" : matcher.group(2)))
              * (1L << shift);
      if (bytes < 0x1p62) {
        return (long) bytes;
      }
    }
    throw EngineException.invalid(
        "%s %s is not an amount: write it as 512m or 1.5g (b, k, m, g, t)"
            .formatted(option, Identifiers.quote(text)));
  }
}
