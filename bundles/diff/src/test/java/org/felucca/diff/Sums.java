package org.felucca.diff;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Check sums of headers that a test has changed. */
final class Sums {
  private Sums() {}

  static void repair(byte[] archive, int at) {
    Arrays.fill(archive, at + 148, at + 156, (byte) ' ');
    int sum = 0;
    for (int i = at; i < at + 512; i++) {
      sum += archive[i] & 0xFF;
    }
    byte[] text = "%06o\0".formatted(sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, archive, at + 148, text.length);
  }
}
