package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WildcardsTest {
  @ParameterizedTest
  @CsvSource({
    "busybox,busybox,true",
    "busy*,busybox,true",
    "*box,busybox,true",
    "b*y*x,busybox,true",
    "b?sybox,busybox,true",
    "*,'',true",
    "busy,busybox,false",
    "b*z,busybox,false",
    "?,'',false",
    "'','',true",
  })
  void matching_starsAndQuestionMarks(String pattern, String text, boolean fits) {
    assertEquals(fits, Wildcards.matching(pattern).test(text));
  }

  @Test
  void matching_manyStars_takesNoLongTime() {
    assertFalse(Wildcards.matching("*a".repeat(500) + "b").test("a".repeat(5000)));
  }
}
