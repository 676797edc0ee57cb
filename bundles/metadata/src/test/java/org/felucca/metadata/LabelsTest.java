package org.felucca.metadata;

import static org.felucca.metadata.Stores.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.Test;

class LabelsTest {

  private static final Map<String, String> BEFORE = Map.of("a", "1", "b.c/d.e", "2");

  private static Map<String, String> changed(Map<String, String> given, String... paths) {
    return Labels.changed("x", BEFORE, given, Set.of(paths));
  }

  @Test
  void changed_withoutPaths_replacesAll() {
    assertEquals(Map.of("z", "9"), changed(Map.of("z", "9", "empty", "")));
    assertEquals(Map.of("z", "9"), changed(Map.of("z", "9"), "labels"));
  }

  @Test
  void changed_ofOneKey_splitsAtTheFirstDotOnly() {
    assertEquals(
        Map.of("a", "1", "b.c/d.e", "3"),
        changed(Map.of("b.c/d.e", "3", "a", "unseen"), "labels.b.c/d.e"));
    assertEquals(Map.of("a", "1"), changed(Map.of("b.c/d.e", ""), "labels.b.c/d.e"));
    assertEquals(Map.of("b.c/d.e", "2"), changed(Map.of(), "labels.a"));
  }

  @Test
  void changed_ofAnotherPath_isRefused() {
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> changed(Map.of(), "size"));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> changed(Map.of(), "label"));
  }

  @Test
  void checked_countsBytesOfKeyAndValue() {
    assertEquals(1, Labels.checked(Map.of("k", "v".repeat(4095))).size());
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> Labels.checked(Map.of("k", "v".repeat(4096))));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> Labels.checked(Map.of("k", "ü".repeat(2048))));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> Labels.checked(Map.of("", "v")));
  }
}
