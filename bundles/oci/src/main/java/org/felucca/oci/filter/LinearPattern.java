package org.felucca.oci.filter;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/**
 * An expression of RE2's grammar, run by the JDK's engine. What RE2 does not know is refused, what
 * it means otherwise is translated, and since the JDK's engine backtracks, a search that looks at
 * too many characters is given up.
 */
final class LinearPattern {
  /** Some 10 ms of work; an honest expression looks at each character of a label a few times. */
  private static final int MAX_STEPS = 2_000_000;

  private final String source;
  private final Pattern pattern;

  private LinearPattern(String source, Pattern pattern) {
    this.source = source;
    this.pattern = pattern;
  }

  /**
   * Compiles.
   *
   * @throws IllegalArgumentException if it is not of RE2's grammar; the message says where
   */
  static LinearPattern compile(String source) {
    try {
      return new LinearPattern(
          source, Pattern.compile(new Re2Translator(source).translate(), Pattern.UNIX_LINES));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(e.getDescription(), e);
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException("it is nested too deeply", e);
    }
  }

  /** Whether it matches somewhere in the text. */
  boolean find(String text) {
    try {
      return pattern.matcher(new CountedText(text, new int[1])).find();
    } catch (TooManySteps | StackOverflowError e) {
      throw new EngineException(
          org.felucca.api.ErrorKind.INVALID_ARGUMENT,
          "the expression %s takes too long on a value of %d characters; write it without nested repetitions"
              .formatted(Identifiers.quote(source), text.length()),
          e);
    }
  }

  private static final class TooManySteps extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManySteps() {
      super("too many steps", null, false, false);
    }
  }

  /** A text that counts how often it is looked at. */
  private record CountedText(String text, int[] steps) implements CharSequence {
    @Override
    public char charAt(int index) {
      if (++steps[0] > MAX_STEPS) {
        throw new TooManySteps();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
