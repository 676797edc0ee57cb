package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void text_unlimited_alignsColumnsAndLeavesNoSpaceAtTheEnd() {
    String text = new Table("NAME", "SIZE").row("a", "1").row("longer name", "").text(0);

    assertEquals("NAME          SIZE\na             1\nlonger name\n", text);
  }

  @Test
  void text_narrowTerminal_shrinksTheWidestThatMay() {
    String text =
        new Table("ID", "COMMAND", "NAME")
            .shrink("COMMAND")
            .row("0123456789ab", "\"sh -c 'a very long command line'\"", "web")
            .text(40);

    assertEquals(
        "ID             COMMAND              NAME\n0123456789ab   \"sh -c 'a very lo…   web\n",
        text);
    text.lines().forEach(line -> assertTrue(line.length() <= 40, line));
  }

  @Test
  void text_narrowerThanPossible_keepsAReadableRest() {
    String text = new Table("NAME").shrink("NAME").row("abcdefghijklmnop").text(3);

    assertEquals("NAME\nabcdefg…\n", text);
  }

  @Test
  void text_wideCharacters_countTwice() {
    assertEquals("A      B\n漢字   x\n", new Table("A", "B").row("漢字", "x").text(0));
  }

  @Test
  void row_whatSteersATerminal_isMadeHarmless() {
    String text = new Table("N").row("\u001b[2Jx\u202e\r\n\u009b").text(0);

    assertEquals("N\n?[2Jx????\n", text);
  }

  @Test
  void cut_shortText_isLeftAlone() {
    assertEquals("abc", Table.cut("abc", 3));
    assertEquals("ab…", Table.cut("abcd", 3));
  }
}
