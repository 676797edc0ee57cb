package org.felucca.diff;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.diff.TarEntry.Extent;
import org.felucca.linux.FileNames;
import org.jspecify.annotations.Nullable;

/** The records of a pax extended header (POSIX pax, "pax Header Block"); values are bytes. */
final class PaxRecords {
  private static final String XATTR = "SCHILY.xattr.";

  private final Map<String, String> texts = new HashMap<>();
  private final Map<String, byte[]> xattrs = new LinkedHashMap<>();
  // GNU.sparse.offset and numbytes of format 0.0 are repeated, and their order matters.
  private final List<Long> sparse = new ArrayList<>();

  /**
   * Reads the data of a header of type {@code x}.
   *
   * @throws EngineException INVALID_ARGUMENT if it is malformed
   */
  static PaxRecords parse(byte[] data) {
    PaxRecords records = new PaxRecords();
    int at = 0;
    while (at < data.length) {
      int digits = at;
      int length = 0;
      while (digits < data.length
          && digits - at < 8
          && data[digits] >= '0'
          && data[digits] <= '9') {
        length = length * 10 + data[digits++] - '0';
      }
      if (digits == at || digits >= data.length || data[digits] != ' ') {
        throw EngineException.invalid("an extended header's record has no length");
      }
      int end = at + length;
      int start = digits + 1;
      if (end > data.length || end <= start || data[end - 1] != '\n') {
        throw EngineException.invalid("an extended header's record has a wrong length");
      }
      int equals = start;
      while (equals < end && data[equals] != '=') {
        equals++;
      }
      if (equals == end || equals == start) {
        throw EngineException.invalid("an extended header's record has no keyword");
      }
      records.add(
          FileNames.decode(data, start, equals - start),
          Arrays.copyOfRange(data, equals + 1, end - 1));
      at = end;
    }
    return records;
  }

  private void add(String key, byte[] value) {
    if (key.startsWith(XATTR)) {
      xattrs.put(key.substring(XATTR.length()), value);
      return;
    }
    String text = FileNames.decode(value);
    switch (key) {
      case "path", "linkpath", "GNU.sparse.name" -> {
        if (text.indexOf(0) >= 0) {
          throw EngineException.invalid("an extended header's " + key + " holds NUL");
        }
        texts.put(key, text);
      }
      case "GNU.sparse.offset" -> {
        if (sparse.size() % 2 != 0) {
          throw EngineException.invalid("a sparse map has two offsets in a row");
        }
        sparse.add(TarNumbers.decimal(text, "a sparse map's offset"));
      }
      case "GNU.sparse.numbytes" -> {
        if (sparse.size() % 2 != 1) {
          throw EngineException.invalid("a sparse map has a length without an offset");
        }
        sparse.add(TarNumbers.decimal(text, "a sparse map's length"));
      }
      default -> texts.put(key, text);
    }
  }

  /** A value; an empty one counts as none, as POSIX has it. */
  @Nullable String text(String key) {
    String text = texts.get(key);
    return text == null || text.isEmpty() ? null : text;
  }

  /** A number, or the value of the header's own field. */
  long number(String key, long otherwise) {
    String text = text(key);
    return text == null ? otherwise : TarNumbers.decimal(text, "an extended header's " + key);
  }

  Map<String, byte[]> xattrs() {
    return xattrs;
  }

  /** Whether the sparse map stands before the data (format 1.0). */
  boolean sparseMapInData() {
    return "1".equals(texts.get("GNU.sparse.major"));
  }

  /** The sparse map of format 0.0 or 0.1, or null if this is no sparse file of these. */
  @Nullable List<Extent> sparseMap() {
    String map = texts.get("GNU.sparse.map");
    List<Long> numbers = sparse;
    if (map != null) {
      numbers = new ArrayList<>();
      for (String number : map.isEmpty() ? new String[0] : map.split(",", -1)) {
        numbers.add(TarNumbers.decimal(number, "a number of a sparse map"));
      }
    } else if (texts.get("GNU.sparse.numblocks") == null && texts.get("GNU.sparse.size") == null) {
      return null;
    }
    if (numbers.size() % 2 != 0) {
      throw EngineException.invalid("a sparse map has an offset without a length");
    }
    List<Extent> extents = new ArrayList<>(numbers.size() / 2);
    for (int i = 0; i < numbers.size(); i += 2) {
      extents.add(new Extent(numbers.get(i), numbers.get(i + 1)));
    }
    return extents;
  }

  /** The length of a sparse file when laid out. */
  long sparseSize() {
    for (String key : List.of("GNU.sparse.realsize", "GNU.sparse.size")) {
      String text = text(key);
      if (text != null) {
        return TarNumbers.decimal(text, "an extended header's " + key);
      }
    }
    throw EngineException.invalid("a sparse file's extended header does not tell its size");
  }
}
