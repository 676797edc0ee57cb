package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.felucca.api.diff.Change;
import org.junit.jupiter.api.Test;

class ChangeFilterTest {
  private static String filtered(String... lines) {
    List<String> shown = new ArrayList<>();
    ChangeFilter filter =
        new ChangeFilter(
            Set.of("/etc/hosts", "/etc/hostname", "/proc"),
            change -> shown.add(change.kind().letter() + change.path()));
    for (String line : lines) {
      filter.accept(
          new Change(
              switch (line.charAt(0)) {
                case 'A' -> Change.Kind.ADDED;
                case 'C' -> Change.Kind.CHANGED;
                default -> Change.Kind.DELETED;
              },
              line.substring(1)));
    }
    filter.end();
    return String.join(" ", shown);
  }

  @Test
  void accept_placesOfMounts_areLeftOutWithTheirFolders() {
    assertEquals("", filtered("C/etc", "A/etc/hosts", "A/proc"));
    assertEquals("A/srv", filtered("C/etc", "A/etc/hostname", "A/etc/hosts", "A/srv"));
    assertEquals("C/var C/var/x", filtered("C/etc", "A/etc/hosts", "C/var", "C/var/x"));
  }

  @Test
  void accept_everythingElse_isShownInOrder() {
    assertEquals(
        "C/etc D/etc/group C/etc/passwd A/srv",
        filtered("C/etc", "D/etc/group", "A/etc/hosts", "C/etc/passwd", "A/srv"));
    assertEquals("C/etc C/etc/passwd", filtered("C/etc", "A/etc/hosts", "C/etc/passwd"));
    assertEquals("C/a C/a/b A/a/b/c", filtered("C/a", "C/a/b", "A/a/b/c"));
    assertEquals("C/a C/b", filtered("C/a", "C/b"));
    assertEquals("C/etc/hosts", filtered("C/etc/hosts"));
  }
}
