package org.felucca.diff;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.diff.TarEntry.Extent;

/** What all formats of sparse files have in common. */
final class SparseMaps {
  private SparseMaps() {}

  /**
   * Checks that the parts are in order, lie inside the file and are what the archive stores of it.
   */
  static void check(List<Extent> extents, long size, long stored) {
    long end = 0;
    long sum = 0;
    for (Extent extent : extents) {
      if (extent.offset() < end || extent.length() < 0 || extent.end() < extent.offset()) {
        throw EngineException.invalid("the parts of a sparse map overlap");
      }
      end = extent.end();
      sum += extent.length();
    }
    if (size < 0 || end > size) {
      throw EngineException.invalid("a sparse map reaches beyond its file");
    }
    if (sum != stored) {
      throw EngineException.invalid(
          "a sparse map has %d bytes and its entry %d".formatted(sum, stored));
    }
  }

  /**
   * The map of format 1.0: how many parts there are, then offset and length of each, a line a
   * number.
   */
  static final class Lines {
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private long lines;
    private long count = -1;

    void add(byte[] block) {
      for (byte octet : block) {
        text.write(octet);
        if (octet == '\n') {
          lines++;
        }
      }
    }

    int length() {
      return text.size();
    }

    boolean complete() {
      if (count < 0 && lines > 0) {
        count = TarNumbers.decimal(numbers(1)[0], "the length of a sparse map");
        if (count > TarReader.MAX_HEADER) {
          throw EngineException.invalid("a sparse map has too many parts");
        }
      }
      return count >= 0 && lines >= 1 + 2 * count;
    }

    private String[] numbers(long count) {
      return text.toString(StandardCharsets.ISO_8859_1).split("\n", (int) count + 1);
    }

    List<Extent> extents() {
      String[] numbers = numbers(1 + 2 * count);
      List<Extent> extents = new ArrayList<>((int) count);
      for (int i = 0; i < count; i++) {
        extents.add(
            new Extent(
                TarNumbers.decimal(numbers[1 + 2 * i], "a sparse map's offset"),
                TarNumbers.decimal(numbers[2 + 2 * i], "a sparse map's length")));
      }
      return extents;
    }
  }
}
