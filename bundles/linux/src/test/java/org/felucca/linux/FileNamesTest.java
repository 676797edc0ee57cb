package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FileNamesTest {
  @Test
  void decode_utf8_isPlainText() {
    for (String name : List.of("a", "büro", "日本", "😀.txt", "")) {
      assertEquals(name, FileNames.decode(name.getBytes(StandardCharsets.UTF_8)));
      assertArrayEquals(name.getBytes(StandardCharsets.UTF_8), FileNames.encode(name));
    }
  }

  @Test
  void decode_everyByteAlone_comesBack() {
    for (int b = 1; b < 256; b++) {
      byte[] name = {'x', (byte) b, 'y'};
      assertArrayEquals(name, FileNames.encode(FileNames.decode(name)));
    }
  }

  @Test
  void decode_brokenUtf8_comesBack() {
    byte[][] names = {
      {(byte) 0xC3}, // cut off
      {(byte) 0xE2, (byte) 0x82},
      {(byte) 0xF0, (byte) 0x9F, (byte) 0x98, 'x'},
      {(byte) 0xC0, (byte) 0xAF}, // an overlong slash
      {(byte) 0xED, (byte) 0xB2, (byte) 0x80}, // the surrogate U+DC80 itself
      {(byte) 0xF4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, // beyond Unicode
      {(byte) 0xFF, (byte) 0xC3, (byte) 0xBC, (byte) 0xFE}
    };
    for (byte[] name : names) {
      assertArrayEquals(name, FileNames.encode(FileNames.decode(name)), Arrays.toString(name));
    }
  }

  @Test
  void decode_randomBytes_comeBackAndDiffer() {
    Random random = new Random(42);
    Map<String, byte[]> seen = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      byte[] name = new byte[1 + random.nextInt(6)];
      for (int j = 0; j < name.length; j++) {
        name[j] = (byte) (1 + random.nextInt(255));
      }
      String text = FileNames.decode(name);
      assertArrayEquals(name, FileNames.encode(text));
      byte[] before = seen.put(text, name);
      if (before != null) {
        assertArrayEquals(before, name, "two names for one string");
      }
    }
    assertNotEquals(0, seen.size());
  }

  @Test
  void encode_nul_isRefused() {
    Expect.fails(Errno.EINVAL, () -> FileNames.encode("a\0b"));
  }

  @Test
  void encode_halfACharacter_isRefused() {
    Expect.fails(Errno.EILSEQ, () -> FileNames.encode("a\uD83D"));
    Expect.fails(Errno.EILSEQ, () -> FileNames.encode("\uDC00"));
    Expect.fails(Errno.EILSEQ, () -> FileNames.encode("\uDD00"));
  }

  @Test
  void quote_oddBytes_areVisible() {
    String name = FileNames.decode(new byte[] {'a', (byte) 0xFF, '\n'});
    assertEquals("\"a\\xff\\x0a\"", FileNames.quote(name));
  }
}
