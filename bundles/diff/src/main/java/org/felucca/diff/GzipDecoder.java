package org.felucca.diff;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/**
 * gzip (RFC 1952) by the JDK: any number of members, with zeros between and behind them. Sizes and
 * check sums are verified.
 */
final class GzipDecoder implements Decoder {
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;
  private static final int MAX_TEXT = 1 << 20;

  private enum Part {
    FIXED,
    EXTRA_LENGTH,
    EXTRA,
    NAME,
    COMMENT,
    HEADER_CRC,
    BODY,
    TRAILER
  }

  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private Part part = Part.FIXED;
  private int flags;
  // Bytes of the current part that were read, and what they say.
  private int count;
  private long number;
  private int extra;
  private long size;
  private boolean first = true;

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) {
    while (part == Part.BODY ? inflate(in, out) : in.hasRemaining()) {
      if (part != Part.BODY && in.hasRemaining()) {
        octet(in.get() & 0xFF);
      }
    }
  }

  /** Returns whether to go on: the member has ended, or both buffers have something left. */
  private boolean inflate(ByteBuffer in, ByteBuffer out) {
    if (!out.hasRemaining()) {
      return false;
    }
    int start = out.position();
    try {
      inflater.setInput(in);
      inflater.inflate(out);
    } catch (DataFormatException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT, "the gzip stream is malformed: " + e.getMessage(), e);
    }
    int end = out.position();
    crc.update(out.duplicate().position(start).limit(end));
    size += end - start;
    if (inflater.finished()) {
      to(Part.TRAILER);
      return true;
    }
    if (inflater.needsDictionary()) {
      throw EngineException.invalid("the gzip stream is malformed: it needs a dictionary");
    }
    return in.hasRemaining() && out.hasRemaining();
  }

  private void to(Part next) {
    part = next;
    count = 0;
    number = 0;
  }

  private void octet(int octet) {
    if (part == Part.FIXED && count == 0 && octet == 0 && !first) {
      return;
    }
    switch (part) {
      case FIXED -> fixed(octet);
      case EXTRA_LENGTH -> {
        extra |= octet << (8 * count++);
        if (count == 2) {
          to(Part.EXTRA);
          skipAbsent();
        }
      }
      case EXTRA -> {
        count++;
        skipAbsent();
      }
      case NAME, COMMENT -> {
        if (++count > MAX_TEXT) {
          throw EngineException.invalid("a name in the gzip header is too long");
        }
        if (octet == 0) {
          to(part == Part.NAME ? Part.COMMENT : Part.HEADER_CRC);
          skipAbsent();
        }
      }
      case HEADER_CRC -> {
        count++;
        skipAbsent();
      }
      case TRAILER -> trailer(octet);
      case BODY -> throw new IllegalStateException("the body is not read by bytes");
    }
  }

  private void fixed(int octet) {
    boolean fine =
        switch (count) {
          case 0 -> octet == 0x1F;
          case 1 -> octet == 0x8B;
          case 2 -> octet == 8;
          case 3 -> (octet & 0xE0) == 0;
          default -> true;
        };
    if (!fine) {
      throw EngineException.invalid(
          first ? "the gzip header is malformed" : "rubbish stands behind the gzip stream");
    }
    if (count == 3) {
      flags = octet;
    }
    if (++count == 10) {
      extra = 0;
      to((flags & FEXTRA) != 0 ? Part.EXTRA_LENGTH : Part.NAME);
      skipAbsent();
    }
  }

  /** Goes past the optional parts that this header does not have, or that are read to their end. */
  private void skipAbsent() {
    if (part == Part.EXTRA && count == extra) {
      to(Part.NAME);
    }
    if (part == Part.NAME && (flags & FNAME) == 0) {
      to(Part.COMMENT);
    }
    if (part == Part.COMMENT && (flags & FCOMMENT) == 0) {
      to(Part.HEADER_CRC);
    }
    if (part == Part.HEADER_CRC && ((flags & FHCRC) == 0 || count == 2)) {
      to(Part.BODY);
      inflater.reset();
      crc.reset();
      size = 0;
    }
  }

  private void trailer(int octet) {
    number |= (long) octet << (8 * count++);
    if (count == 8) {
      if ((number & 0xFFFFFFFFL) != crc.getValue() || number >>> 32 != (size & 0xFFFFFFFFL)) {
        throw EngineException.invalid("the gzip stream's check sum is wrong");
      }
      first = false;
      to(Part.FIXED);
    }
  }

  @Override
  public boolean complete() {
    return !first && part == Part.FIXED && count == 0;
  }

  @Override
  public void close() {
    inflater.end();
  }
}
