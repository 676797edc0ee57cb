package org.felucca.shim.ttrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameTest {
  @Test
  void write_layout() throws IOException {
    byte[] bytes = bytes(new Frame(5, Frame.REQUEST, 3, new byte[] {9, 8}));
    assertArrayEquals(new byte[] {0, 0, 0, 2, 0, 0, 0, 5, 1, 3, 9, 8}, bytes);
  }

  @Test
  void read_whatTrickles() throws IOException {
    byte[] payload = new byte[70_000];
    new Random(1).nextBytes(payload);
    byte[] bytes = bytes(new Frame(0x7fffffff, Frame.RESPONSE, 0, payload));
    Frame frame = Frame.read(trickling(bytes, new Random(2)));
    assertEquals(0x7fffffff, frame.stream());
    assertEquals(Frame.RESPONSE, frame.type());
    assertArrayEquals(payload, frame.payload());
  }

  @Test
  void read_emptyPayload() throws IOException {
    ReadableByteChannel in = channel(bytes(new Frame(1, Frame.DATA, 1, new byte[0])));
    assertEquals(0, Frame.read(in).payload().length);
    assertNull(Frame.read(in));
  }

  @Test
  void read_cutAnywhere() throws IOException {
    byte[] bytes = bytes(new Frame(1, Frame.REQUEST, 0, new byte[] {1, 2, 3}));
    for (int length = 1; length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      assertThrows(EOFException.class, () -> Frame.read(channel(cut)), "length " + length);
    }
  }

  @Test
  void read_longestAndOneMore() throws IOException {
    Frame longest = new Frame(1, Frame.REQUEST, 0, new byte[Frame.MAX_PAYLOAD]);
    assertEquals(Frame.MAX_PAYLOAD, Frame.read(channel(bytes(longest))).payload().length);
    byte[] header = {0, 0x40, 0, 1, 0, 0, 0, 1, 1, 0};
    assertThrows(ProtocolException.class, () -> Frame.read(channel(header)));
    byte[] negative = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0, 0, 0, 1, 1, 0};
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> Frame.read(channel(negative)));
    assertTrue(e.getMessage().contains("4294967295"), e.getMessage());
  }

  /** Whatever comes, the decoder ends with a frame, the end or an IOException, and in bounds. */
  @Test
  void read_noise() {
    Random random = new Random(42);
    int frames = 0;
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] noise = new byte[random.nextInt(64)];
      random.nextBytes(noise);
      if (noise.length > 4 && random.nextBoolean()) {
        noise[0] = noise[1] = noise[2] = 0; // a length that is likely to be there
      }
      ReadableByteChannel in = trickling(noise, random);
      try {
        while (Frame.read(in) != null) {
          frames++;
        }
      } catch (IOException e) {
        refused++;
      }
    }
    assertTrue(frames > 100, frames + " frames");
    assertTrue(refused > 10_000, refused + " refused");
  }

  private static byte[] bytes(Frame frame) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    frame.write(Channels.newChannel(out));
    return out.toByteArray();
  }

  private static ReadableByteChannel channel(byte[] bytes) {
    return Channels.newChannel(new ByteArrayInputStream(bytes));
  }

  /** Hands out a few bytes at a time, as a socket may. */
  private static ReadableByteChannel trickling(byte[] bytes, Random random) {
    InputStream in = new ByteArrayInputStream(bytes);
    return new ReadableByteChannel() {
      @Override
      public int read(ByteBuffer target) throws IOException {
        byte[] some = in.readNBytes(Math.min(target.remaining(), 1 + random.nextInt(7)));
        target.put(some);
        return some.length == 0 ? -1 : some.length;
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }
}
