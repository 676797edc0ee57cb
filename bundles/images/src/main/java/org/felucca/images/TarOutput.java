package org.felucca.images;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a tar in which nothing depends on who writes it and when: root's, of the year 1970. */
final class TarOutput {
  private static final int BLOCK = 512;
  private static final long MAX_OCTAL = 077777777777L;

  private final OutputStream out;
  private long left;
  private int padding;

  TarOutput(OutputStream out) {
    this.out = out;
  }

  void folder(String path) throws IOException {
    header(path + "/", '5', 0755, 0);
  }

  /** Begins a file of this length, whose bytes go to {@link #write}. */
  void file(String path, long size) throws IOException {
    header(path, '0', 0644, size);
  }

  void write(byte[] bytes, int length) throws IOException {
    if (length > left) {
      throw new IOException("more bytes than the file was to have");
    }
    out.write(bytes, 0, length);
    left -= length;
  }

  void file(String path, byte[] bytes) throws IOException {
    file(path, bytes.length);
    write(bytes, bytes.length);
  }

  /** Ends the archive; the stream stays open. */
  void finish() throws IOException {
    endFile();
    out.write(new byte[2 * BLOCK]);
    out.flush();
  }

  private void header(String path, char type, int mode, long size) throws IOException {
    endFile();
    byte[] block = new byte[BLOCK];
    byte[] name = path.getBytes(StandardCharsets.US_ASCII);
    if (name.length > 100) {
      longName(name);
    }
    System.arraycopy(name, 0, block, 0, Math.min(100, name.length));
    finishHeader(block, type, mode, size);
    left = size;
    padding = (int) ((BLOCK - size % BLOCK) % BLOCK);
  }

  /** An extended header with the path, for names that ustar can't hold. */
  private void longName(byte[] name) throws IOException {
    String record = " path=" + new String(name, StandardCharsets.US_ASCII) + "\n";
    int length = record.length() + 1;
    while (String.valueOf(length).length() + record.length() != length) {
      length = String.valueOf(length).length() + record.length();
    }
    byte[] block = new byte[BLOCK];
    put(block, 0, "pax");
    byte[] body = (length + record).getBytes(StandardCharsets.US_ASCII);
    finishHeader(block, 'x', 0644, body.length);
    out.write(body);
    out.write(new byte[(BLOCK - body.length % BLOCK) % BLOCK]);
  }

  private void finishHeader(byte[] block, char type, int mode, long size) throws IOException {
    octal(block, 100, 8, mode);
    octal(block, 108, 8, 0);
    octal(block, 116, 8, 0);
    if (size > MAX_OCTAL) {
      block[124] = (byte) 0x80;
      for (int i = 0; i < 8; i++) {
        block[135 - i] = (byte) (size >>> (8 * i));
      }
    } else {
      octal(block, 124, 12, size);
    }
    octal(block, 136, 12, 0);
    block[156] = (byte) type;
    put(block, 257, "ustar\0" + "00");
    put(block, 148, "        ");
    int sum = 0;
    for (byte b : block) {
      sum += b & 0xff;
    }
    put(block, 148, "%06o\0 ".formatted(sum));
    out.write(block);
  }

  private void endFile() throws IOException {
    if (left != 0) {
      throw new IOException("less bytes than the file was to have");
    }
    out.write(new byte[padding]);
    padding = 0;
  }

  private static void octal(byte[] block, int at, int length, long value) {
    String digits = Long.toOctalString(value);
    put(block, at, "0".repeat(length - 1 - digits.length()) + digits);
  }

  private static void put(byte[] block, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, block, at, bytes.length);
  }
}
