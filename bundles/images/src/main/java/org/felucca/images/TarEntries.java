package org.felucca.images;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.tar.TarUtils;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;

/**
 * The files of a tar, one after the other, read by commons-compress within bounds. Only for image
 * archives, whose files become blobs; layers have an extractor of their own.
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

  private static final int MAX_EXTENSION = 1 << 20;
  private static final int MAX_EXTENSIONS_OF_ONE = 16;
  private static final int MAX_HEADERS = 200_000;

  private final InputStream in;
  private final TarArchiveInputStream tar;

  TarEntries(InputStream in) {
    this.in = in;
    this.tar = new BoundedTar(in);
  }

  /**
   * The next entry; what was not read of the last one is skipped.
   *
   * @return the entry, or null at the end, when all of the stream has been read
   */
  @Nullable Entry next() throws IOException {
    TarArchiveEntry entry;
    try {
      entry = tar.getNextEntry();
    } catch (IllegalArgumentException e) {
      throw bad("a malformed number");
    }
    if (entry == null) {
      // Bytes behind the end are not looked at, but the sender gets rid of them.
      in.transferTo(OutputStream.nullOutputStream());
      return null;
    }
    if (entry.isSparse()) {
      throw bad("a sparse file");
    }
    String path = entry.getName();
    Kind kind =
        switch (entry.getLinkFlag()) {
          case TarConstants.LF_OLDNORM, TarConstants.LF_NORMAL, TarConstants.LF_CONTIG ->
              path.endsWith("/") ? Kind.FOLDER : Kind.FILE;
          case TarConstants.LF_LINK, TarConstants.LF_SYMLINK -> Kind.LINK;
          case TarConstants.LF_DIR -> Kind.FOLDER;
          default -> Kind.OTHER;
        };
    // Readers disagree on whether its bytes follow, and so on which files the archive has.
    if (kind == Kind.LINK && entry.getSize() != 0) {
      throw bad("a link of %d bytes".formatted(entry.getSize()));
    }
    return new Entry(
        path,
        kind,
        kind == Kind.FILE ? entry.getSize() : 0,
        kind == Kind.LINK ? entry.getLinkName() : "",
        entry.isLink());
  }

  /** Reads of the current file; -1 at its end. */
  int read(byte[] into) throws IOException {
    return tar.read(into, 0, into.length);
  }

  private static EngineException bad(String what) {
    return EngineException.invalid("it is not a tar archive that can be read: it has " + what);
  }

  /**
   * Checks each header before commons-compress acts on it, which does not look at checksums, takes
   * a header that is cut off for the end, and holds in memory whatever an extended header has,
   * going a call deeper for each.
   */
  private static final class BoundedTar extends TarArchiveInputStream {
    private static final int SIZE = 124;

    private int headers;
    private int extensions;

    BoundedTar(InputStream in) {
      super(in, StandardCharsets.UTF_8.name());
    }

    @Override
    protected byte[] readRecord() throws IOException {
      byte[] record = super.readRecord();
      if (isAtEOF()) {
        // Whether a second block of zeros follows the first matters to nobody.
        return record;
      }
      if (record == null) {
        if (headers == 0) {
          throw noHeader();
        }
        throw new EOFException("the archive ends without its end mark");
      }
      if (!isEOFRecord(record)) {
        check(record);
      }
      return record;
    }

    private void check(byte[] header) {
      if (++headers > MAX_HEADERS) {
        throw EngineException.invalid(
            "the archive has more than %d entries".formatted(MAX_HEADERS));
      }
      if (!TarUtils.verifyCheckSum(header)) {
        throw headers == 1 ? noHeader() : bad("a header with a wrong checksum");
      }
      switch (header[TarConstants.LF_OFFSET]) {
        case TarConstants.LF_PAX_EXTENDED_HEADER_LC,
            TarConstants.LF_PAX_EXTENDED_HEADER_UC,
            TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER,
            TarConstants.LF_GNUTYPE_LONGNAME,
            TarConstants.LF_GNUTYPE_LONGLINK -> {
          long size = TarUtils.parseOctalOrBinary(header, SIZE, TarConstants.SIZELEN);
          if (size > MAX_EXTENSION) {
            throw bad("a name of %d bytes".formatted(size));
          }
          if (++extensions > MAX_EXTENSIONS_OF_ONE) {
            throw bad("too many extended headers in a row");
          }
        }
        // Stored in pieces; nobody writes images so.
        case TarConstants.LF_GNUTYPE_SPARSE -> throw bad("a sparse file");
        default -> extensions = 0;
      }
    }

    private static EngineException noHeader() {
      return bad("no header where the first one must be");
    }
  }
}
