package org.felucca.shell.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The fields of a payload. Text is UTF-8. */
public final class Payload {
  private static final int MAX_ITEMS = 1 << 16;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Appends one byte. */
  public Payload u8(int value) {
    bytes.write(value);
    return this;
  }

  /** Appends two bytes. */
  public Payload u16(int value) {
    return u8(value >>> 8).u8(value);
  }

  /** Appends four bytes. */
  public Payload u32(int value) {
    return u16(value >>> 16).u16(value);
  }

  /** Appends a text. */
  public Payload string(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    u32(encoded.length);
    bytes.writeBytes(encoded);
    return this;
  }

  /** Appends a list of texts. */
  public Payload list(List<String> texts) {
    u32(texts.size());
    texts.forEach(this::string);
    return this;
  }

  /** All of it. */
  public ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  static int u8(ByteBuffer from) throws MalformedException {
    need(from, 1);
    return from.get() & 0xff;
  }

  static int u16(ByteBuffer from) throws MalformedException {
    need(from, 2);
    return from.getShort() & 0xffff;
  }

  /** A number that must fit into an int. */
  public static int u32(ByteBuffer from) throws MalformedException {
    need(from, 4);
    int value = from.getInt();
    if (value < 0) {
      throw new MalformedException("a number is too large");
    }
    return value;
  }

  /** The next text; what is not UTF-8 comes out as replacement characters. */
  public static String string(ByteBuffer from) throws MalformedException {
    return StandardCharsets.UTF_8.decode(bytes(from)).toString();
  }

  /**
   * The next text, which must be UTF-8: where a changed text would do something else than was asked
   * for.
   */
  public static String exactString(ByteBuffer from) throws MalformedException {
    ByteBuffer encoded = bytes(from);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(encoded.duplicate()).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedException(
          "\""
              + StandardCharsets.UTF_8.decode(encoded)
              + "\" is not UTF-8, and nothing else can be passed on");
    }
  }

  private static ByteBuffer bytes(ByteBuffer from) throws MalformedException {
    int length = u32(from);
    need(from, length);
    ByteBuffer encoded = from.slice().limit(length);
    from.position(from.position() + length);
    return encoded;
  }

  /** How one item of a list is read. */
  @FunctionalInterface
  public interface Item {
    /** Reads it. */
    String read(ByteBuffer from) throws MalformedException;
  }

  /** The next list of texts. */
  public static List<String> list(ByteBuffer from, Item item) throws MalformedException {
    int count = u32(from);
    if (count > MAX_ITEMS) {
      throw new MalformedException("a list of " + count + " items");
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(item.read(from));
    }
    return texts;
  }

  /** Checks that nothing is left. */
  public static void end(ByteBuffer from) throws MalformedException {
    if (from.hasRemaining()) {
      throw new MalformedException("a payload has " + from.remaining() + " bytes too many");
    }
  }

  private static void need(ByteBuffer from, int count) throws MalformedException {
    if (from.remaining() < count) {
      throw new MalformedException("a payload is too short");
    }
  }
}
