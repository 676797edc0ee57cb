package org.felucca.images;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.jspecify.annotations.Nullable;

/**
 * The files of a tar, one after the other (POSIX pax and ustar, GNU long names and large sizes).
 * Only for image archives, whose files become blobs; layers have an extractor of their own.
 */
final class TarEntries {
  /** What an entry is. */
  enum Kind {
    FILE,
    LINK,
    FOLDER,
    OTHER
  }

  /**
   * An entry.
   *
   * @param path its path, as written
   * @param kind what it is
   * @param size how many bytes follow; 0 but for files
   * @param target where a symbolic or hard link points; else empty
   * @param hard whether a link is a hard one, whose target counts from the top of the archive
   */
  record Entry(String path, Kind kind, long size, String target, boolean hard) {}

  private static final int BLOCK = 512;
  private static final int MAX_EXTENSION = 1 << 20;
  private static final int MAX_ENTRIES = 200_000;

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private long remaining;
  private int padding;
  private int entries;

  TarEntries(InputStream in) {
    this.in = in;
  }

  /**
   * The next entry; what was not read of the last one is skipped.
   *
   * @return the entry, or null at the end, when all of the stream has been read
   */
  @Nullable Entry next() throws IOException {
    Map<String, String> extended = new HashMap<>();
    String longName = null;
    String longTarget = null;
    while (true) {
      skipRest();
      readBlock();
      if (isZero()) {
        while (in.read(block) >= 0) {
          // Bytes behind the end are not looked at, but the sender gets rid of them.
        }
        return null;
      }
      if (++entries > MAX_ENTRIES) {
        throw EngineException.invalid(
            "the archive has more than %d entries".formatted(MAX_ENTRIES));
      }
      checkSum();
      long size = number(124, 12);
      char type = (char) block[156];
      switch (type) {
        case 'x' -> readPax(extended, extension(size));
        case 'g' -> extension(size);
        case 'L' -> longName = text(extension(size));
        case 'K' -> longTarget = text(extension(size));
        default -> {
          return entry(type, size, extended, longName, longTarget);
        }
      }
    }
  }

  /** Reads of the current file; -1 at its end. */
  int read(byte[] into) throws IOException {
    if (remaining == 0) {
      return -1;
    }
    int count = in.read(into, 0, (int) Math.min(into.length, remaining));
    if (count < 0) {
      throw new EOFException("the archive ends in the middle of a file");
    }
    remaining -= count;
    return count;
  }

  private Entry entry(
      char type,
      long headerSize,
      Map<String, String> extended,
      @Nullable String longName,
      @Nullable String longTarget) {
    String prefix = string(257, 6).startsWith("ustar") && block[263] == '0' ? string(345, 155) : "";
    String path = string(0, 100);
    path = prefix.isEmpty() ? path : prefix + "/" + path;
    path = longName != null ? longName : path;
    path = extended.getOrDefault("path", path);
    String target = longTarget != null ? longTarget : string(157, 100);
    target = extended.getOrDefault("linkpath", target);
    long size = headerSize;
    String paxSize = extended.get("size");
    if (paxSize != null) {
      if (!paxSize.matches("[0-9]{1,18}")) {
        throw bad("a size of " + Identifiers.quote(paxSize));
      }
      size = Long.parseLong(paxSize);
    }
    Kind kind =
        switch (type) {
          case 0, '0', '7' -> path.endsWith("/") ? Kind.FOLDER : Kind.FILE;
          case '1', '2' -> Kind.LINK;
          case '5' -> Kind.FOLDER;
          default -> Kind.OTHER;
        };
    // GNU's sparse files are stored in pieces; nobody writes images so.
    if (type == 'S' || extended.keySet().stream().anyMatch(key -> key.startsWith("GNU.sparse"))) {
      throw bad("a sparse file");
    }
    // Links and folders have no bytes, whatever their size says, as other readers have it.
    begin(kind == Kind.FILE || kind == Kind.OTHER ? size : 0);
    return new Entry(path, kind, remaining, kind == Kind.LINK ? target : "", type == '1');
  }

  private byte[] extension(long size) throws IOException {
    if (size > MAX_EXTENSION) {
      throw bad("a name of %d bytes".formatted(size));
    }
    begin(size);
    byte[] bytes = in.readNBytes((int) size);
    if (bytes.length < size) {
      throw new EOFException("the archive ends in the middle of a name");
    }
    remaining = 0;
    return bytes;
  }

  private void readPax(Map<String, String> extended, byte[] bytes) {
    int at = 0;
    while (at < bytes.length) {
      int space = at;
      while (space < bytes.length && bytes[space] >= '0' && bytes[space] <= '9') {
        space++;
      }
      if (space == at || space - at > 7 || space >= bytes.length || bytes[space] != ' ') {
        throw bad("an extended header without a length");
      }
      int length = Integer.parseInt(new String(bytes, at, space - at, StandardCharsets.US_ASCII));
      if (length > bytes.length - at || length < space - at + 3 || bytes[at + length - 1] != '\n') {
        throw bad("an extended header of a wrong length");
      }
      String pair = new String(bytes, space + 1, at + length - space - 2, StandardCharsets.UTF_8);
      int equals = pair.indexOf('=');
      if (equals <= 0) {
        throw bad("an extended header without a name");
      }
      extended.put(pair.substring(0, equals), pair.substring(equals + 1));
      at += length;
    }
  }

  private void begin(long size) {
    remaining = size;
    padding = (int) ((BLOCK - size % BLOCK) % BLOCK);
  }

  private void skipRest() throws IOException {
    long left = remaining + padding;
    try {
      in.skipNBytes(left);
    } catch (EOFException e) {
      throw new EOFException("the archive ends in the middle of a file");
    }
    remaining = 0;
    padding = 0;
  }

  private void readBlock() throws IOException {
    if (in.readNBytes(block, 0, BLOCK) < BLOCK) {
      if (entries == 0) {
        throw bad("no header where the first one must be");
      }
      throw new EOFException("the archive ends without its end mark");
    }
  }

  private boolean isZero() {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private void checkSum() {
    long expected = number(148, 8);
    long unsigned = 0;
    for (int i = 0; i < BLOCK; i++) {
      unsigned += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
    }
    if (unsigned != expected) {
      throw bad(
          entries == 1
              ? "no header where the first one must be"
              : "a header with a wrong checksum");
    }
  }

  /** Octal, or GNU's base 256. */
  private long number(int at, int length) {
    if ((block[at] & 0x80) != 0) {
      long value = block[at] & 0x7f;
      for (int i = at + 1; i < at + length; i++) {
        if (value >> 54 != 0) {
          throw bad("a number that is too large");
        }
        value = value << 8 | (block[i] & 0xff);
      }
      if ((block[at] & 0x40) != 0) {
        throw bad("a negative number");
      }
      return value;
    }
    String digits = string(at, length).strip();
    if (!digits.matches("[0-7]{0,20}")) {
      throw bad("a malformed number");
    }
    return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
  }

  private String string(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return new String(block, at, end - at, StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] == 0) {
      end--;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static EngineException bad(String what) {
    return EngineException.invalid("it is not a tar archive that can be read: it has " + what);
  }
}
