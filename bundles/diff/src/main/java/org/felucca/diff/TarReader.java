package org.felucca.diff;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.diff.TarEntry.Extent;
import org.felucca.diff.TarEntry.Kind;
import org.felucca.linux.FileNames;
import org.felucca.linux.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar archive from a stream: v7, ustar, pax and GNU, with GNU's sparse files in all four
 * formats. Where these leave room it reads as Go's archive/tar does, since that is what images are
 * made for: global headers are passed over, and links, devices and folders have no data whatever
 * their size field says. An archive may end without its end marker, but only between two entries.
 * Not for several threads.
 */
final class TarReader {
  private static final int BLOCK = 512;

  /** The most that a header beside an entry's own may hold: names, pax records, sparse maps. */
  static final int MAX_HEADER = 1 << 20;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Pieces pieces;
  private ByteBuffer piece = NOTHING;
  private long offset;
  private final byte[] block = new byte[BLOCK];
  // Of the current entry: stored bytes not read yet, then padding.
  private long stored;
  private int padding;
  private boolean ended;

  TarReader(Pieces pieces) {
    this.pieces = pieces;
  }

  /** How many bytes of the archive were read. */
  long offset() {
    return offset;
  }

  /**
   * Goes to the next entry, past what is unread of this one.
   *
   * @return the entry, or null behind the last
   * @throws EngineException INVALID_ARGUMENT if the archive is malformed or cut off
   */
  @Nullable TarEntry next() {
    if (ended) {
      return null;
    }
    try {
      TarEntry entry = read();
      ended = entry == null;
      return entry;
    } catch (EngineException e) {
      throw e.during("read the tar header at byte " + offset);
    }
  }

  private @Nullable TarEntry read() {
    PaxRecords pax = null;
    String longName = null;
    String longLink = null;
    while (true) {
      skip(stored + padding);
      stored = 0;
      padding = 0;
      if (!readBlock()) {
        if (pax != null || longName != null || longLink != null) {
          throw EngineException.invalid("the archive ends behind an extended header");
        }
        return null;
      }
      if (isZero()) {
        if (readBlock() && !isZero()) {
          throw EngineException.invalid("a block of zeros stands between headers");
        }
        return null;
      }
      checkSum();
      char type = (char) (block[156] & 0xFF);
      switch (type) {
        case 'x', 'X' -> pax = PaxRecords.parse(headerData("an extended header"));
        case 'g' -> headerData("a global header");
        case 'L' -> longName = text(headerData("a long name"));
        case 'K' -> longLink = text(headerData("a long link name"));
        case 'V' -> skipLabel();
        default -> {
          return entry(type, pax == null ? new PaxRecords() : pax, longName, longLink);
        }
      }
    }
  }

  private TarEntry entry(
      char type, PaxRecords pax, @Nullable String longName, @Nullable String longLink) {
    long size = pax.number("size", TarNumbers.field(block, 124, 12, "the size"));
    if (size < 0) {
      throw EngineException.invalid("the size is negative");
    }
    boolean ustar = block[257] == 'u' && block[257 + 5] == 0;
    String name = longName != null ? longName : pax.text("path");
    if (name == null) {
      name = field(0, 100);
      String prefix = ustar ? field(345, 155) : "";
      if (!prefix.isEmpty()) {
        name = prefix + "/" + name;
      }
    }
    String link = longLink != null ? longLink : pax.text("linkpath");
    if (link == null) {
      link = field(157, 100);
    }
    Kind kind = kind(type, name);
    stored = type >= '1' && type <= '6' ? 0 : size;
    padding = (int) (-stored & (BLOCK - 1));
    int permissions = (int) TarNumbers.field(block, 100, 8, "the mode") & 07777;
    long uid = owner(pax.number("uid", TarNumbers.field(block, 108, 8, "the owner")), "owner");
    long gid = owner(pax.number("gid", TarNumbers.field(block, 116, 8, "the group")), "group");
    Timestamp modified = time(pax, "mtime", new Timestamp(modificationTime(), 0));
    Timestamp accessed = time(pax, "atime", modified);
    boolean device = kind == Kind.CHARACTER_DEVICE || kind == Kind.BLOCK_DEVICE;
    long major = device ? TarNumbers.field(block, 329, 8, "the device's major number") : 0;
    long minor = device ? TarNumbers.field(block, 337, 8, "the device's minor number") : 0;
    List<Extent> extents = null;
    if (kind == Kind.FILE) {
      if (type == 'S') {
        size = TarNumbers.field(block, 483, 12, "the size of a sparse file");
        extents = oldSparseMap();
      } else if (pax.sparseMapInData()) {
        size = pax.sparseSize();
        extents = sparseMapInData();
      } else if ((extents = pax.sparseMap()) != null) {
        size = pax.sparseSize();
      }
      String sparseName = pax.text("GNU.sparse.name");
      if (extents != null) {
        SparseMaps.check(extents, size, stored);
        name = sparseName != null && longName == null ? sparseName : name;
      }
    }
    return new TarEntry(
        kind,
        name,
        kind == Kind.HARD_LINK || kind == Kind.SYMLINK ? link : "",
        permissions,
        uid,
        gid,
        kind == Kind.FILE ? size : 0,
        modified,
        accessed.compareTo(modified) < 0 ? modified : accessed,
        major,
        minor,
        Map.copyOf(pax.xattrs()),
        extents);
  }

  private static Kind kind(char type, String name) {
    return switch (type) {
      case '0', '7', 'S' -> Kind.FILE;
      case 0 -> name.endsWith("/") ? Kind.DIRECTORY : Kind.FILE;
      case '1' -> Kind.HARD_LINK;
      case '2' -> Kind.SYMLINK;
      case '3' -> Kind.CHARACTER_DEVICE;
      case '4' -> Kind.BLOCK_DEVICE;
      case '5' -> Kind.DIRECTORY;
      case '6' -> Kind.FIFO;
      default ->
          throw EngineException.invalid(
              "the type %s of an entry is not known"
                  .formatted(
                      type > ' ' && type < 0x7F
                          ? "'" + type + "'"
                          : "0x%02x".formatted((int) type)));
    };
  }

  private long modificationTime() {
    return TarNumbers.field(block, 136, 12, "the modification time");
  }

  private static Timestamp time(PaxRecords pax, String key, Timestamp otherwise) {
    String text = pax.text(key);
    return text == null ? otherwise : TarNumbers.time(text, "an extended header's " + key);
  }

  private static long owner(long id, String what) {
    // The last number means "leave it" to chown(2).
    if (id < 0 || id >= 0xFFFFFFFFL) {
      throw EngineException.invalid("the " + what + " " + id + " is out of range");
    }
    return id;
  }

  /** GNU's old format: four parts in the header, 21 in each block that follows it. */
  private List<Extent> oldSparseMap() {
    List<Extent> extents = new ArrayList<>();
    addExtents(extents, 386, 4);
    boolean more = block[482] != 0;
    while (more) {
      if (extents.size() > MAX_HEADER / 24) {
        throw EngineException.invalid("a sparse map has too many parts");
      }
      if (!readBlock()) {
        throw EngineException.invalid("the archive ends in a sparse map");
      }
      addExtents(extents, 0, 21);
      more = block[504] != 0;
    }
    return extents;
  }

  private void addExtents(List<Extent> extents, int at, int count) {
    for (int i = 0; i < count; i++) {
      if (block[at + i * 24] == 0) {
        return;
      }
      extents.add(
          new Extent(
              TarNumbers.field(block, at + i * 24, 12, "a sparse map's offset"),
              TarNumbers.field(block, at + i * 24 + 12, 12, "a sparse map's length")));
    }
  }

  /** Format 1.0: decimal lines at the beginning of the data, padded to a block. */
  private List<Extent> sparseMapInData() {
    SparseMaps.Lines lines = new SparseMaps.Lines();
    while (!lines.complete()) {
      if (stored < BLOCK || lines.length() >= MAX_HEADER || !readBlock()) {
        throw EngineException.invalid("a sparse map is cut off or too long");
      }
      stored -= BLOCK;
      lines.add(block);
    }
    return lines.extents();
  }

  /** Reads the data of a header that describes the next entry. */
  private byte[] headerData(String what) {
    long size = TarNumbers.field(block, 124, 12, "the size");
    if (size < 0 || size > MAX_HEADER) {
      throw EngineException.invalid(
          what + " has " + size + " bytes; at most " + MAX_HEADER + " are allowed");
    }
    byte[] data = new byte[(int) size];
    if (read(data, 0, data.length) < data.length) {
      throw EngineException.invalid("the archive ends in " + what);
    }
    padding = (int) (-size & (BLOCK - 1));
    return data;
  }

  private void skipLabel() {
    stored = TarNumbers.field(block, 124, 12, "the size");
    if (stored < 0) {
      throw EngineException.invalid("the size is negative");
    }
    padding = (int) (-stored & (BLOCK - 1));
  }

  /**
   * The next bytes that the archive stores for this entry, to be used before the next call, or null
   * behind the last.
   *
   * @throws EngineException INVALID_ARGUMENT if the archive ends before
   */
  @Nullable ByteBuffer data() {
    if (stored == 0) {
      return null;
    }
    if (!fill()) {
      throw cutOff();
    }
    int length = (int) Math.min(stored, piece.remaining());
    ByteBuffer data = piece.slice(piece.position(), length);
    piece.position(piece.position() + length);
    offset += length;
    stored -= length;
    return data;
  }

  private EngineException cutOff() {
    return EngineException.invalid(
        "the archive is cut off at byte " + offset + ", in the data of an entry");
  }

  private void skip(long count) {
    long rest = count;
    while (rest > 0) {
      if (!fill()) {
        // Padding that is missing behind the very last entry harms nobody.
        if (rest < BLOCK && stored == 0) {
          return;
        }
        throw cutOff();
      }
      int length = (int) Math.min(rest, piece.remaining());
      piece.position(piece.position() + length);
      offset += length;
      rest -= length;
      stored -= Math.min(stored, length);
    }
  }

  /** Reads to the end of the stream; what stands behind the end marker is of no meaning. */
  void drain() {
    while (fill()) {
      offset += piece.remaining();
      piece.position(piece.limit());
    }
  }

  private boolean fill() {
    if (!piece.hasRemaining()) {
      ByteBuffer next = pieces.next();
      if (next == null) {
        return false;
      }
      piece = next;
    }
    return true;
  }

  private int read(byte[] into, int at, int length) {
    int done = 0;
    while (done < length && fill()) {
      int count = Math.min(length - done, piece.remaining());
      piece.get(into, at + done, count);
      offset += count;
      done += count;
    }
    return done;
  }

  private boolean readBlock() {
    int count = read(block, 0, BLOCK);
    if (count != 0 && count != BLOCK) {
      throw EngineException.invalid("the archive is cut off in a header");
    }
    return count != 0;
  }

  private boolean isZero() {
    for (byte octet : block) {
      if (octet != 0) {
        return false;
      }
    }
    return true;
  }

  private void checkSum() {
    long unsigned = 8 * ' ';
    long signed = 8 * ' ';
    for (int i = 0; i < BLOCK; i++) {
      if (i < 148 || i >= 156) {
        unsigned += block[i] & 0xFF;
        signed += block[i];
      }
    }
    long expected = TarNumbers.field(block, 148, 8, "the check sum");
    if (expected != unsigned && expected != signed) {
      throw EngineException.invalid("the check sum of the header is wrong; this is no tar archive");
    }
  }

  private String field(int at, int length) {
    int end = at;
    while (end < at + length && block[end] != 0) {
      end++;
    }
    return FileNames.decode(block, at, end - at);
  }

  private static String text(byte[] data) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    return FileNames.decode(data, 0, end);
  }
}
