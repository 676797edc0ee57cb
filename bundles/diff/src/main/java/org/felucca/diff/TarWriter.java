package org.felucca.diff;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.linux.Descriptor;
import org.felucca.linux.FileData;
import org.felucca.linux.FileNames;
import org.felucca.linux.FileStat;
import org.felucca.linux.FileType;
import org.felucca.linux.Timestamp;
import org.jspecify.annotations.Nullable;

/**
 * Writes a tar archive in the pax format (POSIX pax). The same entries give the same bytes. Not for
 * several threads.
 */
final class TarWriter {
  private static final int BLOCK = 512;
  private static final int BUFFER = 128 * 1024;
  private static final long MAX_OCTAL_7 = (1L << 21) - 1;
  private static final long MAX_OCTAL_11 = (1L << 33) - 1;

  private final OutputStream out;
  private final Runnable check;
  private final MessageDigest hash = Digest.Algorithm.SHA256.newMessageDigest();
  private final byte[] buffer = new byte[BUFFER];
  private int used;
  private long size;
  private long entries;

  /**
   * @param out flushed at the end, not closed
   * @param check run often, to give up by throwing
   */
  TarWriter(OutputStream out, Runnable check) {
    this.out = out;
    this.check = check;
  }

  /**
   * Writes an entry.
   *
   * @param name relative, without a slash at its end
   * @param stat what it is
   * @param link target of a symbolic link, name of the file that this is a hard link to, or empty
   * @param xattrs its extended attributes
   * @param content a regular file open for reading, unless it is a hard link
   */
  void entry(
      String name,
      FileStat stat,
      String link,
      Map<String, byte[]> xattrs,
      @Nullable Descriptor content) {
    check.run();
    boolean hardLink = !link.isEmpty() && stat.type() != FileType.SYMLINK;
    char type =
        hardLink
            ? '1'
            : switch (stat.type()) {
              case REGULAR -> '0';
              case SYMLINK -> '2';
              case CHARACTER_DEVICE -> '3';
              case BLOCK_DEVICE -> '4';
              case DIRECTORY -> '5';
              case FIFO -> '6';
              default -> throw new IllegalArgumentException("no entry for a " + stat.type());
            };
    long length = type == '0' ? stat.size() : 0;
    byte[] nameBytes = FileNames.encode(type == '5' ? name + "/" : name);
    byte[] linkBytes = FileNames.encode(link);
    Map<String, byte[]> pax = new LinkedHashMap<>();
    if (nameBytes.length > 100) {
      pax.put("path", nameBytes);
    }
    if (linkBytes.length > 100) {
      pax.put("linkpath", linkBytes);
    }
    number(pax, "size", length, MAX_OCTAL_11);
    number(pax, "uid", stat.uid(), MAX_OCTAL_7);
    number(pax, "gid", stat.gid(), MAX_OCTAL_7);
    Timestamp time = stat.modified();
    if (time.nanos() != 0 || time.seconds() < 0 || time.seconds() > MAX_OCTAL_11) {
      pax.put("mtime", ascii(text(time)));
    }
    xattrs.forEach((key, value) -> pax.put("SCHILY.xattr." + key, value));
    if (!pax.isEmpty()) {
      extended(nameBytes, pax);
    }
    byte[] header = header(nameBytes, stat.permissions(), length, time, type);
    octal(header, 108, 8, stat.uid() > MAX_OCTAL_7 ? 0 : stat.uid());
    octal(header, 116, 8, stat.gid() > MAX_OCTAL_7 ? 0 : stat.gid());
    System.arraycopy(linkBytes, 0, header, 157, Math.min(100, linkBytes.length));
    if (type == '3' || type == '4') {
      octal(header, 329, 8, stat.node().major());
      octal(header, 337, 8, stat.node().minor());
    }
    seal(header);
    if (content != null && length > 0) {
      copy(content, length);
    }
    entries++;
  }

  /** Writes an empty file of root's, such as a whiteout. */
  void mark(String name) {
    check.run();
    byte[] bytes = FileNames.encode(name);
    if (bytes.length > 100) {
      extended(bytes, Map.of("path", bytes));
    }
    seal(header(bytes, 0, 0, new Timestamp(0, 0), '0'));
    entries++;
  }

  private static void number(Map<String, byte[]> pax, String key, long value, long most) {
    if (value > most) {
      pax.put(key, ascii(Long.toString(value)));
    }
  }

  private static String text(Timestamp time) {
    long seconds = time.seconds();
    int nanos = time.nanos();
    String sign = "";
    if (seconds < 0) {
      sign = "-";
      seconds = nanos == 0 ? -seconds : -seconds - 1;
      nanos = nanos == 0 ? 0 : 1_000_000_000 - nanos;
    }
    String text = sign + seconds;
    return nanos == 0 ? text : text + ("." + "%09d".formatted(nanos)).replaceAll("0+$", "");
  }

  private void extended(byte[] name, Map<String, byte[]> records) {
    ByteBuffer data = ByteBuffer.allocate(length(records));
    records.forEach((key, value) -> record(data, key, value));
    byte[] own = ascii("PaxHeaders.0/");
    byte[] full = Arrays.copyOf(own, own.length + Math.min(name.length, 80));
    System.arraycopy(name, 0, full, own.length, full.length - own.length);
    seal(header(full, 0644, data.position(), new Timestamp(0, 0), 'x'));
    write(data.array(), 0, data.position());
    pad(data.position());
  }

  private static int length(Map<String, byte[]> records) {
    int length = 0;
    for (Map.Entry<String, byte[]> record : records.entrySet()) {
      length += record.getKey().length() * 3 + record.getValue().length + 16;
    }
    return length;
  }

  private static void record(ByteBuffer data, String key, byte[] value) {
    byte[] keyBytes = FileNames.encode(key);
    int rest = keyBytes.length + value.length + 3;
    int total = rest + Integer.toString(rest).length();
    // The length counts its own digits, which may carry it over a power of ten.
    total = rest + Integer.toString(total).length();
    data.put(ascii(total + " ")).put(keyBytes).put((byte) '=').put(value).put((byte) '\n');
  }

  private static byte[] header(
      byte[] name, int permissions, long length, Timestamp time, char type) {
    byte[] header = new byte[BLOCK];
    System.arraycopy(name, 0, header, 0, Math.min(100, name.length));
    octal(header, 100, 8, permissions);
    octal(header, 108, 8, 0);
    octal(header, 116, 8, 0);
    octal(header, 124, 12, length > MAX_OCTAL_11 ? 0 : length);
    octal(header, 136, 12, Math.clamp(time.seconds(), 0, MAX_OCTAL_11));
    header[156] = (byte) type;
    System.arraycopy(ascii("ustar\00000"), 0, header, 257, 8);
    octal(header, 329, 8, 0);
    octal(header, 337, 8, 0);
    return header;
  }

  private static void octal(byte[] header, int at, int width, long value) {
    String digits = Long.toOctalString(value);
    int start = at + width - 1 - digits.length();
    Arrays.fill(header, at, start, (byte) '0');
    System.arraycopy(ascii(digits), 0, header, start, digits.length());
  }

  private void seal(byte[] header) {
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte octet : header) {
      sum += octet & 0xFF;
    }
    octal(header, 148, 7, sum);
    header[154] = 0;
    write(header, 0, BLOCK);
  }

  /** Copies exactly as much as the header says, whatever happens to the file meanwhile. */
  private void copy(Descriptor content, long length) {
    long rest = length;
    while (rest > 0) {
      check.run();
      if (used == BUFFER) {
        drain();
      }
      int most = (int) Math.min(rest, BUFFER - used);
      int count = FileData.read(content, buffer, used, most);
      if (count < 0) {
        Arrays.fill(buffer, used, used + most, (byte) 0);
        count = most;
      }
      used += count;
      rest -= count;
    }
    pad(length);
  }

  private void pad(long length) {
    write(new byte[BLOCK], 0, (int) (-length & (BLOCK - 1)));
  }

  private void write(byte[] bytes, int at, int length) {
    int done = 0;
    while (done < length) {
      if (used == BUFFER) {
        drain();
      }
      int count = Math.min(length - done, BUFFER - used);
      System.arraycopy(bytes, at + done, buffer, used, count);
      used += count;
      done += count;
    }
  }

  private void drain() {
    try {
      hash.update(buffer, 0, used);
      out.write(buffer, 0, used);
    } catch (IOException e) {
      throw EngineException.internal("write a layer: " + e, e);
    }
    size += used;
    used = 0;
  }

  /** Writes the end marker; returns what was written in all. */
  AppliedLayer finish() {
    write(new byte[2 * BLOCK], 0, 2 * BLOCK);
    drain();
    try {
      out.flush();
    } catch (IOException e) {
      throw EngineException.internal("write a layer: " + e, e);
    }
    return new AppliedLayer(Digest.of(Digest.Algorithm.SHA256, hash.digest()), size, entries);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
