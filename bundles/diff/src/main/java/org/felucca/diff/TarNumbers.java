package org.felucca.diff;

import org.felucca.api.EngineException;
import org.felucca.linux.Timestamp;

/** Numbers as tar headers hold them: octal text, base 256, and decimal text in pax records. */
final class TarNumbers {
  private TarNumbers() {}

  /**
   * A number of a header field: octal digits between blanks and NULs, or, if the first bit is set,
   * base 256 in two's complement (the first bit aside).
   */
  static long field(byte[] block, int offset, int length, String what) {
    if ((block[offset] & 0x80) != 0) {
      return binary(block, offset, length, what);
    }
    int at = offset;
    int end = offset + length;
    while (at < end && (block[at] == ' ' || block[at] == 0)) {
      at++;
    }
    while (end > at && (block[end - 1] == ' ' || block[end - 1] == 0)) {
      end--;
    }
    long value = 0;
    for (; at < end; at++) {
      int digit = block[at] - '0';
      if (digit < 0 || digit > 7) {
        // Some writers leave rubbish behind the terminator.
        if (block[at] == 0 || block[at] == ' ') {
          break;
        }
        throw EngineException.invalid(what + " is no octal number");
      }
      value = value << 3 | digit;
    }
    return value;
  }

  private static long binary(byte[] block, int offset, int length, String what) {
    boolean negative = (block[offset] & 0x40) != 0;
    int fill = negative ? 0xFF : 0;
    long value = negative ? -1 : 0;
    for (int i = 0; i < length; i++) {
      int octet = block[offset + i] & 0xFF;
      if (i == 0) {
        octet = negative ? octet | 0x80 : octet & 0x7F;
      }
      if (i < length - 8) {
        if (octet != fill) {
          throw EngineException.invalid(what + " does not fit 63 bits");
        }
      } else {
        if (i == length - 8 && (octet & 0x80) != (fill & 0x80)) {
          throw EngineException.invalid(what + " does not fit 63 bits");
        }
        value = value << 8 | octet;
      }
    }
    return value;
  }

  /** A decimal number without a sign, of a pax record. */
  static long decimal(String text, String what) {
    if (text.isEmpty() || text.length() > 19 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw EngineException.invalid(what + " is no decimal number");
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new EngineException(
          org.felucca.api.ErrorKind.INVALID_ARGUMENT, what + " does not fit 63 bits", e);
    }
  }

  /**
   * Seconds with an optional fraction and sign, of a pax record; more than nine digits are cut off.
   */
  static Timestamp time(String text, String what) {
    boolean negative = text.startsWith("-");
    String unsigned = negative ? text.substring(1) : text;
    int dot = unsigned.indexOf('.');
    long seconds = decimal(dot < 0 ? unsigned : unsigned.substring(0, dot), what);
    int nanos = 0;
    if (dot >= 0) {
      String fraction = unsigned.substring(dot + 1);
      if (!fraction.chars().allMatch(c -> c >= '0' && c <= '9')) {
        throw EngineException.invalid(what + " is no time");
      }
      nanos = Integer.parseInt((fraction + "000000000").substring(0, 9));
    }
    if (!negative) {
      return new Timestamp(seconds, nanos);
    }
    return nanos == 0
        ? new Timestamp(-seconds, 0)
        : new Timestamp(-seconds - 1, 1_000_000_000 - nanos);
  }
}
