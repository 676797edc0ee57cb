package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DecoderTest {
  /** The two ways to decode gzip must not differ. */
  enum Gzip {
    JDK(GzipDecoder::new),
    ISAL(IsalDecoder::new);

    private final Supplier<Decoder> make;

    Gzip(Supplier<Decoder> make) {
      this.make = make;
    }

    Decoder decoder() {
      assumeTrue(this == JDK || Isal.loaded(), "libisal.so.2 is not installed");
      return make.get();
    }
  }

  private static byte[] plain;

  @BeforeAll
  static void makePlain() {
    Isal.load();
    plain = new byte[300_000];
    new Random(1).nextBytes(plain);
    Arrays.fill(plain, 50_000, 250_000, (byte) 'x');
  }

  @AfterAll
  static void unload() {
    Isal.unload();
  }

  private static byte[] decode(Decoder decoder, byte[] compressed, int step) {
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    try (decoder) {
      ByteBuffer in = ByteBuffer.allocateDirect(Math.max(1, compressed.length));
      in.put(compressed).flip().limit(0);
      ByteBuffer out = ByteBuffer.allocateDirect(Math.max(7, step * 3));
      while (true) {
        decoder.decode(in, out);
        boolean full = !out.hasRemaining();
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes).clear();
        result.writeBytes(bytes);
        if (!full) {
          assertEquals(0, in.remaining(), "no progress");
          if (in.limit() == compressed.length) {
            break;
          }
          in.limit(Math.min(compressed.length, in.limit() + step));
        }
      }
      if (!decoder.complete()) {
        throw EngineException.invalid("cut off");
      }
    }
    return result.toByteArray();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Stream.of(parts).forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static void assertInvalid(Decoder decoder, byte[] compressed) {
    EngineException e =
        assertThrows(EngineException.class, () -> decode(decoder, compressed, 4096));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void gzip_membersAndPadding_areOneStream(Gzip gzip) {
    byte[] one = Layer.gzip(plain);
    byte[] two = Layer.gzip("second".getBytes());
    byte[] all = join(one, two, new byte[1000]);
    for (int step : new int[] {1, 7, 4096, 1 << 20}) {
      assertArrayEquals(join(plain, "second".getBytes()), decode(gzip.decoder(), all, step));
    }
  }

  @ParameterizedTest
  @EnumSource
  void gzip_headerWithAllParts_isRead(Gzip gzip) {
    byte[] usual = Layer.gzip("text".getBytes());
    byte[] body = Arrays.copyOfRange(usual, 10, usual.length);
    byte[] header = {
      0x1f, (byte) 0x8b, 8, 4 | 8 | 16, 1, 2, 3, 4, 0, 3, 3, 0, 'e', 'x', 't', 'n', 0, 'c', 'c', 0
    };
    for (int step : new int[] {1, 5, 100}) {
      assertEquals("text", new String(decode(gzip.decoder(), join(header, body), step)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void gzip_cutOffAnywhere_isRefused(Gzip gzip) {
    byte[] all = Layer.gzip(Arrays.copyOf(plain, 60_000));
    for (int length = 0; length < all.length; length += length < 40 ? 1 : 997) {
      assertInvalid(gzip.decoder(), Arrays.copyOf(all, length));
    }
    for (int missing = 1; missing < 12; missing++) {
      assertInvalid(gzip.decoder(), Arrays.copyOf(all, all.length - missing));
    }
  }

  @ParameterizedTest
  @EnumSource
  void gzip_wrongCheckSumOrRubbishBehind_isRefused(Gzip gzip) {
    byte[] all = Layer.gzip(plain);
    byte[] wrong = all.clone();
    wrong[all.length - 6] ^= 4;
    assertInvalid(gzip.decoder(), wrong);
    assertInvalid(gzip.decoder(), join(all, "rubbish behind it".getBytes()));
  }

  @ParameterizedTest
  @EnumSource
  void gzip_randomChanges_neverHangOrCrash(Gzip gzip) {
    Random random = new Random(7);
    byte[] all = Layer.gzip(Arrays.copyOfRange(plain, 40_000, 70_000));
    for (int i = 0; i < 400; i++) {
      byte[] changed = all.clone();
      for (int j = 0; j < 3; j++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      try {
        decode(gzip.decoder(), changed, 500);
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
  }

  @Test
  void zstd_framesAndSkippableOnes_areOneStream() {
    byte[] skippable = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    byte[] all = join(skippable, Zstd.compress(plain), skippable, Zstd.compress("x".getBytes()));
    for (int step : new int[] {1, 7, 4096, 1 << 20}) {
      assertArrayEquals(
          join(plain, "x".getBytes()), decode(new ZstdDecoder(), all, step), "" + step);
    }
    assertEquals(
        Compression.ZSTD,
        Compression.detect(ByteBuffer.allocateDirect(all.length).put(all).flip()));
  }

  @Test
  void zstd_cutOffOrChanged_isRefused() {
    byte[] all = Zstd.compress(plain);
    for (int length = 1; length < all.length; length += length < 40 ? 1 : 997) {
      assertInvalid(new ZstdDecoder(), Arrays.copyOf(all, length));
    }
    assertInvalid(new ZstdDecoder(), join(all, "rubbish".getBytes()));
    byte[] changed = all.clone();
    changed[5] ^= 0x55;
    assertTrue(
        assertThrows(EngineException.class, () -> decode(new ZstdDecoder(), changed, 4096)).kind()
            == ErrorKind.INVALID_ARGUMENT);
  }
}
