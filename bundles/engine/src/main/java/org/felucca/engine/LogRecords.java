package org.felucca.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.felucca.api.container.LogQuery;
import org.felucca.api.container.LogSink;

/**
 * Turns the records that felucca-logger stored (docs/log-format.md), in either of their forms, into
 * the text that they stand for. Records of one stream that follow each other are handed on
 * together. What is no record, such as what a full disk tore, is passed over.
 */
final class LogRecords {
  private static final int ROOM = 768 << 10;
  private static final int TIME = 30;

  /** Where a CRI record's text begins, after a tag of one letter. */
  private static final int CRI_TEXT = TIME + 10;

  private static final int JSON_TEXT = "{\"log\":\"".length();
  private static final int JSON_STREAM = "\",\"stream\":\"std".length();
  private static final int JSON_TIME = "\",\"stream\":\"stdout\",\"time\":\"".length();

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private final LogSink sink;
  private final boolean timestamps;
  private final long since;
  private final int sinceNanos;
  private final long until;
  private final int untilNanos;
  private final boolean timed;

  private final byte[] out = new byte[ROOM];
  private int used;
  private boolean stderr;
  private long position;

  /** Whether the next record of each stream begins a line. */
  private final boolean[] lineStart = {true, true};

  private long skip;
  private long seen;
  private boolean counting;
  private boolean ended;

  private final byte[] knownTime = new byte[19];
  private long knownSecond;

  LogRecords(LogQuery query, LogSink sink) {
    this.sink = sink;
    this.timestamps = query.timestamps();
    Instant first = query.since();
    Instant last = query.until();
    this.timed = first != null || last != null;
    this.since = first == null ? Long.MIN_VALUE : first.getEpochSecond();
    this.sinceNanos = first == null ? 0 : first.getNano();
    this.until = last == null ? Long.MAX_VALUE : last.getEpochSecond();
    this.untilNanos = last == null ? 0 : last.getNano();
  }

  /** Only counts from now on, or not. */
  void count(boolean on) {
    counting = on;
    ended = false;
  }

  /** How many records were wanted. */
  long seen() {
    return seen;
  }

  /** Passes over as many of the next records that are wanted. */
  void skip(long records) {
    skip = records;
  }

  /** Whether what follows is later than what is wanted. */
  boolean isEnded() {
    return ended;
  }

  /**
   * Takes the whole records that a buffer holds.
   *
   * @param offset where in the file the buffer begins
   * @return how many bytes they were
   */
  int take(byte[] bytes, int length, LogPart part, long offset) {
    int begin = 0;
    while (!ended) {
      int end = indexOf(bytes, begin, length, (byte) '\n');
      if (end < 0) {
        break;
      }
      if (end > begin) {
        if (used + (end - begin) + TIME + 1 > ROOM) {
          flush();
        }
        if (bytes[begin] == '{') {
          json(bytes, begin, end);
        } else {
          cri(bytes, begin, end);
        }
      }
      begin = end + 1;
      position = part.position(offset + begin);
    }
    return begin;
  }

  /** Hands on what has come together. */
  void flush() {
    if (used > 0) {
      int length = used;
      used = 0;
      sink.text(stderr, out, length, position);
    }
  }

  private void cri(byte[] bytes, int begin, int end) {
    // time, space, stream, space, tag (one letter, perhaps a colon and more), space
    if (end - begin < CRI_TEXT || bytes[begin + TIME] != ' ' || !isTime(bytes, begin)) {
      return;
    }
    int tag = begin + TIME + 8;
    int text = indexOf(bytes, tag, end, (byte) ' ') + 1;
    if (text == 0) {
      return;
    }
    boolean complete = bytes[tag] == 'F';
    if (begin(bytes, begin, bytes[begin + TIME + 4] == 'e')) {
      // The record's own newline stands for that of the line.
      int length = end - text + (complete ? 1 : 0);
      System.arraycopy(bytes, text, out, used, length);
      used += length;
    }
    end(bytes[begin + TIME + 4] == 'e', complete);
  }

  private void json(byte[] bytes, int begin, int end) {
    int text = begin + JSON_TEXT;
    int quote = closingQuote(bytes, text, end);
    if (quote < 0 || end - quote < JSON_TIME + TIME || !isTime(bytes, quote + JSON_TIME)) {
      return;
    }
    boolean err = bytes[quote + JSON_STREAM] == 'e';
    boolean complete =
        quote - text >= 2 && bytes[quote - 1] == 'n' && isEscape(bytes, text, quote - 2);
    if (begin(bytes, quote + JSON_TIME, err)) {
      unescape(bytes, text, quote, end);
    }
    end(err, complete);
  }

  /** Whether a backslash is not itself escaped by one before it. */
  private static boolean isEscape(byte[] bytes, int from, int at) {
    int backslashes = 0;
    for (int i = at; i >= from && bytes[i] == '\\'; i--) {
      backslashes++;
    }
    return backslashes % 2 == 1;
  }

  private static int closingQuote(byte[] bytes, int from, int end) {
    int at = from;
    while (true) {
      at = indexOf(bytes, at, end, (byte) '"');
      if (at < 0 || !isEscape(bytes, from, at - 1)) {
        return at;
      }
      at++;
    }
  }

  private void unescape(byte[] bytes, int from, int to, int end) {
    int raw = -1;
    int at = from;
    while (true) {
      int escape = indexOf(bytes, at, to, (byte) '\\');
      int stop = escape < 0 ? to : escape;
      System.arraycopy(bytes, at, out, used, stop - at);
      used += stop - at;
      if (escape < 0 || escape + 1 >= to) {
        return;
      }
      at = escape + 2;
      byte letter = bytes[escape + 1];
      if (letter != 'u') {
        out[used++] =
            switch (letter) {
              case 'n' -> (byte) '\n';
              case 'r' -> (byte) '\r';
              case 't' -> (byte) '\t';
              case 'b' -> (byte) '\b';
              case 'f' -> (byte) '\f';
              default -> letter;
            };
        continue;
      }
      int code = 0;
      for (int i = 0; i < 4 && at < to; i++) {
        code = code << 4 | Character.digit(bytes[at++], 16);
      }
      if (code == 0xFFFD) {
        // The byte itself stands in the attributes, the record's last string.
        raw = raw < 0 ? lastString(bytes, to, end) : raw;
        out[used++] = hexByte(bytes, raw, end);
        raw += 2;
      } else if (code < 0x80) {
        out[used++] = (byte) code;
      } else if (code < 0x800) {
        out[used++] = (byte) (0xC0 | code >> 6);
        out[used++] = (byte) (0x80 | (code & 0x3F));
      } else {
        out[used++] = (byte) (0xE0 | code >> 12);
        out[used++] = (byte) (0x80 | (code >> 6 & 0x3F));
        out[used++] = (byte) (0x80 | (code & 0x3F));
      }
    }
  }

  private static int lastString(byte[] bytes, int from, int end) {
    int at = end - 1;
    while (at > from && bytes[at] != '"') {
      at--;
    }
    at--;
    while (at > from && bytes[at] != '"') {
      at--;
    }
    return at + 1;
  }

  private static byte hexByte(byte[] bytes, int at, int end) {
    int high = at + 1 < end ? Character.digit(bytes[at], 16) : -1;
    int low = at + 1 < end ? Character.digit(bytes[at + 1], 16) : -1;
    return high < 0 || low < 0 ? (byte) '?' : (byte) (high << 4 | low);
  }

  /** Begins a record; false if it is not wanted. */
  private boolean begin(byte[] bytes, int time, boolean err) {
    if (timed && !isInTime(bytes, time)) {
      return false;
    }
    if (counting) {
      seen++;
      return false;
    }
    if (skip > 0) {
      skip--;
      return false;
    }
    if (err != stderr) {
      flush();
      stderr = err;
    }
    if (timestamps && lineStart[err ? 1 : 0]) {
      System.arraycopy(bytes, time, out, used, TIME);
      used += TIME;
      out[used++] = ' ';
    }
    return true;
  }

  private void end(boolean err, boolean complete) {
    lineStart[err ? 1 : 0] = complete;
  }

  private static boolean isTime(byte[] bytes, int at) {
    return bytes[at + 4] == '-'
        && bytes[at + 7] == '-'
        && bytes[at + 10] == 'T'
        && bytes[at + 13] == ':'
        && bytes[at + 16] == ':'
        && bytes[at + 19] == '.'
        && bytes[at + 29] == 'Z';
  }

  private boolean isInTime(byte[] bytes, int at) {
    if (!java.util.Arrays.equals(bytes, at, at + 19, knownTime, 0, 19)) {
      System.arraycopy(bytes, at, knownTime, 0, 19);
      knownSecond = second(bytes, at);
    }
    int nanos = number(bytes, at + 20, 9);
    if (knownSecond > until || (knownSecond == until && nanos > untilNanos)) {
      ended = true;
      return false;
    }
    return knownSecond > since || (knownSecond == since && nanos >= sinceNanos);
  }

  private static long second(byte[] bytes, int at) {
    try {
      return LocalDateTime.of(
              number(bytes, at, 4),
              number(bytes, at + 5, 2),
              number(bytes, at + 8, 2),
              number(bytes, at + 11, 2),
              number(bytes, at + 14, 2),
              number(bytes, at + 17, 2))
          .toEpochSecond(ZoneOffset.UTC);
    } catch (java.time.DateTimeException e) {
      return Long.MIN_VALUE;
    }
  }

  private static int number(byte[] bytes, int at, int digits) {
    int number = 0;
    for (int i = at; i < at + digits; i++) {
      number = number * 10 + (bytes[i] - '0');
    }
    return number;
  }

  /** Where a byte is between two places, -1 if nowhere; eight are looked at at a time. */
  static int indexOf(byte[] bytes, int from, int to, byte wanted) {
    int at = from;
    long pattern = ONES * (wanted & 0xFF);
    for (; at + 8 <= to; at += 8) {
      long word = (long) LONG.get(bytes, at) ^ pattern;
      long found = (word - ONES) & ~word & HIGHS;
      if (found != 0) {
        return at + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    for (; at < to; at++) {
      if (bytes[at] == wanted) {
        return at;
      }
    }
    return -1;
  }
}
