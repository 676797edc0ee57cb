package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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
  void text_tooNarrowForAll_leavesOutWhatCanBeDoneWithout() {
    Table table =
        new Table("ID", "CREATED", "RUNTIME", "NAME")
            .shrink("NAME")
            .leaveOut("RUNTIME")
            .leaveOut("CREATED")
            .row("0123456789ab", "3 minutes ago", "crun", "a-rather-long-name");

    assertEquals(
        "ID             CREATED         NAME\n0123456789ab   3 minutes ago   a-rather…\n",
        table.text(40));
    assertEquals("ID             NAME\n0123456789ab   a-rathe…\n", table.text(22));
    assertTrue(table.text(0).contains("RUNTIME"));
  }

  @Test
  void text_coloured_isAsWideAsPlain() {
    Table table =
        new Table("STATUS", "NAME")
            .row(List.of(new Table.Cell("Up", Style.GOOD), new Table.Cell("web", Style.PLAIN)));

    String coloured = table.text(0, true);

    assertEquals(
        "\u001b[1mSTATUS\u001b[0m   \u001b[1mNAME\u001b[0m\n\u001b[32mUp\u001b[0m       web\n",
        coloured);
    assertEquals(table.text(0), coloured.replaceAll("\u001b\\[[0-9]*m", ""));
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
