package org.felucca.oci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  enum Colour {
    RED,
    GREEN
  }

  record Inner(String name, int count) {}

  record Outer(
      Namespace namespace,
      Digest digest,
      Instant createdAt,
      Path binaryPath,
      List<Inner> inner,
      Map<String, String> labels,
      Optional<String> note,
      Colour colour,
      byte[] blob,
      boolean flag,
      long big,
      @Nullable String missing) {}

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static EngineException refused(String text) {
    EngineException e = assertThrows(EngineException.class, () -> Json.value(utf8(text), "doc"));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    return e;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[1,",
        "{\"a\":1,}",
        "nul",
        "{} {}",
        "{\"a\":1}x",
        "{'a':1}",
        "// c\n{}",
        "01",
        "\"\u0001\"",
        "NaN",
        "{\"a\":[}",
        "\uFEFF{}"
      })
  void value_notJson(String text) {
    refused(text);
  }

  @Test
  void value_memberTwice() {
    assertTrue(refused("{\"a\":1,\"b\":{\"x\":1,\"x\":2}}").getMessage().contains("\"x\" twice"));
  }

  @Test
  void value_tooDeep() {
    refused("[".repeat(101) + "]".repeat(101));
    assertEquals(1, ((List<?>) Json.value(utf8("[".repeat(99) + "]".repeat(99)), "doc")).size());
  }

  @Test
  void value_tooLongNumberTextAndDocument() {
    refused("1".repeat(200));
    refused("\"" + "x".repeat((4 << 20) + 10) + "\"");
    assertThrows(EngineException.class, () -> Json.value(new byte[Json.MAX_DOCUMENT + 1], "doc"));
    refused("[" + "1,".repeat(1_100_000) + "1]");
  }

  @Test
  void value_notUtf8() {
    assertThrows(
        EngineException.class, () -> Json.value(new byte[] {'"', (byte) 0xff, '"'}, "doc"));
    assertThrows(
        EngineException.class, () -> Json.value("{}".getBytes(StandardCharsets.UTF_16BE), "doc"));
  }

  @Test
  void value_randomBytesNeverFailOtherwise() {
    Random random = new Random(7);
    byte[] good = utf8("{\"a\":[1,2.5,true,null,\"x\\u0041\"],\"b\":{\"c\":-3e4}}");
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Json.value(bytes, "doc");
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
  }

  @Test
  void bytes_unknownMembersAndNumbersUnchanged() {
    String text =
        "{\"z\":18446744073709551615,\"a\":[1.10,null,true,{}],\"é\":\"\\n\",\"n\":{\"x\":-1}}";
    assertEquals(text, new String(Json.object(utf8(text), "doc").bytes(), StandardCharsets.UTF_8));
  }

  @Test
  void record_throughBytesAndBack() {
    Outer outer =
        new Outer(
            Namespace.DEFAULT,
            Digest.sha256(new byte[0]),
            Instant.parse("2026-11-24T13:46:07.123Z"),
            Path.of("/usr/bin/runc"),
            List.of(new Inner("a", 1), new Inner("b", 2)),
            Map.of("k", "v"),
            Optional.of("hi"),
            Colour.GREEN,
            new byte[] {1, 2},
            true,
            Long.MAX_VALUE,
            null);
    byte[] bytes = Json.bytes(outer, Json.Names.SNAKE);
    String text = new String(bytes, StandardCharsets.UTF_8);
    assertTrue(text.contains("\"created_at\":\"2026-11-24T13:46:07.123Z\""), text);
    assertTrue(text.contains("\"namespace\":\"default\""), text);
    assertFalse(text.contains("missing"), text);
    Outer back = Json.read(bytes, Outer.class, Json.Names.SNAKE, "outer");
    assertArrayEquals(outer.blob(), back.blob());
    assertEquals(Json.pretty(outer).replaceAll("\\s", ""), Json.pretty(back).replaceAll("\\s", ""));
    assertEquals(outer.inner(), back.inner());
  }

  @Test
  void read_missingMembers() {
    Outer outer = Json.read(utf8("{}"), Outer.class, "outer");
    assertEquals(List.of(), outer.inner());
    assertEquals(Map.of(), outer.labels());
    assertEquals(Optional.empty(), outer.note());
    assertEquals(0, outer.big());
    assertNull(outer.missing());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"inner\":[{\"count\":\"x\"}]}",
        "{\"inner\":{}}",
        "{\"inner\":[{\"count\":3000000000}]}",
        "{\"digest\":\"sha256:zz\"}",
        "{\"createdAt\":\"yesterday\"}",
        "{\"colour\":\"BLUE\"}",
        "{\"namespace\":\"../x\"}",
        "{\"blob\":\"***\"}",
        "[]",
        "null"
      })
  void read_wrongType(String text) {
    EngineException e =
        assertThrows(EngineException.class, () -> Json.read(utf8(text), Outer.class, "outer"));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertTrue(String.valueOf(e.getMessage()).startsWith("outer"), e.getMessage());
  }

  @Test
  void jsonObject_wrongTypeNamesThePlace() {
    JsonObject json = Json.object(utf8("{\"a\":{\"b\":[{\"c\":1}]}}"), "doc");
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> json.requiredObject("a").objects("b").get(0).requiredString("c"));
    assertEquals("doc: a.b[0].c is a number where a text is expected", e.getMessage());
  }

  @Test
  void jsonObject_changesReachTheDocument() {
    JsonObject json = Json.object(utf8("{\"a\":{\"b\":1}}"), "doc");
    JsonObject copy = json.copy();
    json.requiredObject("a").put("c", List.of("x")).add("c", "y");
    json.objectOrNew("n").put("m", true);
    assertEquals(
        "{\"a\":{\"b\":1,\"c\":[\"x\",\"y\"]},\"n\":{\"m\":true}}",
        new String(json.bytes(), StandardCharsets.UTF_8));
    assertEquals("{\"a\":{\"b\":1}}", new String(copy.bytes(), StandardCharsets.UTF_8));
  }

  @Test
  void read_keepsNoClass() throws Exception {
    // A bundle that is updated must leave nothing behind: its classes go with their loader.
    java.lang.ref.WeakReference<ClassLoader> gone = useInAnotherLoader();
    for (int i = 0; i < 50 && gone.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertNull(gone.get());
  }

  private static java.lang.ref.WeakReference<ClassLoader> useInAnotherLoader() throws Exception {
    String name = Inner.class.getName();
    byte[] code;
    try (var in = JsonTest.class.getResourceAsStream("JsonTest$Inner.class")) {
      code = in.readAllBytes();
    }
    ClassLoader loader =
        new ClassLoader(JsonTest.class.getClassLoader()) {
          @Override
          protected Class<?> loadClass(String wanted, boolean resolve)
              throws ClassNotFoundException {
            return wanted.equals(name)
                ? defineClass(name, code, 0, code.length)
                : super.loadClass(wanted, resolve);
          }
        };
    Class<? extends Record> type = loader.loadClass(name).asSubclass(Record.class);
    Record read = Json.read(utf8("{\"name\":\"a\",\"count\":1}"), type, "inner");
    assertEquals(
        "{\"name\":\"a\",\"count\":1}", new String(Json.bytes(read), StandardCharsets.UTF_8));
    assertTrue(type.getClassLoader() != Inner.class.getClassLoader());
    return new java.lang.ref.WeakReference<>(loader);
  }
}
