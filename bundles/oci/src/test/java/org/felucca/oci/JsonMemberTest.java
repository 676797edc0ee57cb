package org.felucca.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.felucca.api.EngineException;
import org.junit.jupiter.api.Test;

class JsonMemberTest {
  private static final String DOCUMENT =
      """
      {"ociVersion":"1.0.2", "text":"\\"linux\\":{\\"a\\":9} é",
       "process":{"args":["a b","\\u00e9"],"n": 12 ,"t":true},
       "linux":{"x":{"a":1}, "a" : {"deep":[1,{"b":2}]} }, "none":null}
      """;

  private static String member(String... path) {
    return Json.member(DOCUMENT.getBytes(StandardCharsets.UTF_8), "spec", path);
  }

  @Test
  void member_ofAnyKind_isAsItStands() {
    assertEquals("\"1.0.2\"", member("ociVersion"));
    assertEquals("{\"deep\":[1,{\"b\":2}]}", member("linux", "a"));
    assertEquals("[\"a b\",\"\\u00e9\"]", member("process", "args"));
    assertEquals("12", member("process", "n").strip());
    assertEquals("true", member("process", "t"));
    assertEquals("null", member("none"));
  }

  @Test
  void member_thatIsNotThere_isNull() {
    assertNull(member("a"));
    assertNull(member("linux", "b"));
    assertNull(member("ociVersion", "x"));
  }

  @Test
  void member_brokenBehindIt_isRead() {
    byte[] broken = "{\"a\":{\"b\":1},]".getBytes(StandardCharsets.UTF_8);
    assertEquals("{\"b\":1}", Json.member(broken, "spec", "a"));
    assertThrows(EngineException.class, () -> Json.member(broken, "spec", "c"));
  }

  @Test
  void args_andVersion_areThoseOfTheWholeDocument() {
    byte[] bytes = DOCUMENT.getBytes(StandardCharsets.UTF_8);
    assertEquals(List.of("a b", "é"), RuntimeSpec.args(bytes));
    assertEquals(RuntimeSpec.parse(bytes).args(), RuntimeSpec.args(bytes));
    assertEquals("1.0.2", RuntimeSpec.ociVersion(bytes));
    byte[] other = "{\"ociVersion\":1}".getBytes(StandardCharsets.UTF_8);
    assertThrows(EngineException.class, () -> RuntimeSpec.ociVersion(other));
  }

  @Test
  void frozen_isSharedAndCannotBeChanged() {
    JsonObject frozen = JsonObject.create("f").put("list", List.of(1)).put("o", "t").frozen();
    JsonObject outer = JsonObject.create("o").put("in", frozen).put("n", 1);
    assertEquals(
        "{\"in\":{\"list\":[1],\"o\":\"t\"},\"n\":1}",
        new String(outer.bytes(), StandardCharsets.UTF_8));
    JsonObject inner = outer.requiredObject("in");
    assertThrows(UnsupportedOperationException.class, () -> inner.put("x", 1));
    assertThrows(UnsupportedOperationException.class, () -> inner.remove("o"));
    assertEquals(outer, outer.copy());
    assertEquals("t", outer.copy().requiredObject("in").string("o"));
  }
}
