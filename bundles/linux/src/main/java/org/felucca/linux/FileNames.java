package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * File names as strings without loss. The kernel's names are bytes; nearly all are UTF-8, but an
 * image may hold any. A byte that is not part of valid UTF-8 becomes the lone surrogate U+DC80 to
 * U+DCFF and becomes that byte again on the way back, so every name survives the round trip. All
 * names and paths of this package are such strings; unlike {@link java.nio.file.Path} they do not
 * depend on the locale that the JVM was started in.
 */
public final class FileNames {
  private static final char ESCAPE = '\uDC00';

  private FileNames() {}

  /** The string of a name's bytes. */
  public static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  /** The string of {@code length} bytes from {@code offset}. */
  public static String decode(byte[] bytes, int offset, int length) {
    boolean ascii = true;
    for (int i = offset; i < offset + length; i++) {
      if (bytes[i] < 0) {
        ascii = false;
        break;
      }
    }
    if (ascii) {
      return new String(bytes, offset, length, StandardCharsets.US_ASCII);
    }
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
    CharBuffer out = CharBuffer.allocate(length);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put((char) (ESCAPE + (in.get() & 0xFF)));
      }
      decoder.reset();
    }
  }

  /**
   * The bytes of a name.
   *
   * @throws LinuxException EINVAL if it holds NUL, EILSEQ if it holds a surrogate that stands for
   *     no byte
   */
  public static byte[] encode(String name) {
    return encode(name, 0);
  }

  /** The bytes of a path, ended by NUL, as the kernel takes them. */
  static byte[] terminated(String path) {
    return encode(path, 1);
  }

  private static byte[] encode(String name, int spare) {
    int length = name.length();
    byte[] bytes = new byte[length * 3 + spare];
    int end = 0;
    for (int i = 0; i < length; i++) {
      char c = name.charAt(i);
      if (c == 0) {
        throw new LinuxException("open", quote(name), Errno.EINVAL, "a file name can't hold NUL");
      } else if (c < 0x80) {
        bytes[end++] = (byte) c;
      } else if (c < 0x800) {
        bytes[end++] = (byte) (0xC0 | c >> 6);
        bytes[end++] = (byte) (0x80 | (c & 0x3F));
      } else if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(name.charAt(i + 1))) {
        int point = Character.toCodePoint(c, name.charAt(++i));
        bytes[end++] = (byte) (0xF0 | point >> 18);
        bytes[end++] = (byte) (0x80 | (point >> 12 & 0x3F));
        bytes[end++] = (byte) (0x80 | (point >> 6 & 0x3F));
        bytes[end++] = (byte) (0x80 | (point & 0x3F));
      } else if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF) {
        bytes[end++] = (byte) (c - ESCAPE);
      } else if (Character.isSurrogate(c)) {
        throw new LinuxException(
            "open", quote(name), Errno.EILSEQ, "the name holds half a character");
      } else {
        bytes[end++] = (byte) (0xE0 | c >> 12);
        bytes[end++] = (byte) (0x80 | (c >> 6 & 0x3F));
        bytes[end++] = (byte) (0x80 | (c & 0x3F));
      }
    }
    return end + spare == bytes.length ? bytes : Arrays.copyOf(bytes, end + spare);
  }

  /** The name in quotes, with control characters and undecodable bytes made visible. */
  static String quote(String name) {
    StringBuilder text = new StringBuilder(name.length() + 2).append('"');
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF) {
        text.append(String.format("\\x%02x", c - ESCAPE));
      } else if (c < 0x20 || c == 0x7F) {
        text.append(String.format("\\x%02x", (int) c));
      } else {
        text.append(c);
      }
    }
    return text.append('"').toString();
  }
}
