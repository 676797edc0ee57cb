package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class MountTableTest {
  private static MountTable parse(String content) {
    return MountTable.parse(content.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void parse_everyField_isTold() {
    MountTable table =
        parse(
            "36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n");
    assertEquals(
        List.of(
            new MountInfo(
                36,
                35,
                new DeviceNumber(98, 0),
                "/mnt1",
                "/mnt2",
                List.of("rw", "noatime"),
                List.of("shared:1", "master:2"),
                "ext3",
                "/dev/root",
                List.of("rw", "errors=continue"))),
        table.mounts());
  }

  @Test
  void parse_escapes_areDecoded() {
    MountInfo mount =
        parse("1 0 0:5 / /a\\040b\\011c\\012d\\134e rw - tmpfs none rw,lowerdir=/x\\054y:/z\\040\n")
            .mounts()
            .getFirst();
    assertEquals("/a b\tc\nd\\e", mount.mountPoint());
    assertEquals(List.of(), mount.propagation());
    assertEquals(List.of("rw", "lowerdir=/x,y:/z "), mount.superOptions());
  }

  @Test
  void unescape_noEscape_staysAsItIs() {
    assertEquals("a\\04", MountTable.unescape("a\\04"));
    assertEquals("a\\098", MountTable.unescape("a\\098"));
    assertEquals("ü\\", MountTable.unescape("ü\\134"));
  }

  @Test
  void parse_emptySourceAndRubbish() {
    assertEquals("", parse("1 0 0:5 / /a rw - tmpfs  rw\n").mounts().getFirst().source());
    for (String line :
        List.of("1 0 0:5 / /a rw tmpfs none rw\n", "x 0 0:5 / /a rw - a b c\n", "\n", "1 - 2\n")) {
      assertThrows(IllegalArgumentException.class, () -> parse(line), line);
    }
  }

  @Test
  void mountsBelow_path_comparesWholeNamesAndReverses() {
    MountTable table =
        parse(
            """
            1 0 0:1 / / rw - a a rw
            2 1 0:2 / /run rw - a a rw
            3 2 0:3 / /run/felucca rw - a a rw
            4 3 0:4 / /run/felucca/a rw - a a rw
            5 3 0:5 / /run/felucca/a rw - a a rw
            6 2 0:6 / /run/felucca2 rw - a a rw
            7 5 0:7 / /run/felucca/a/b rw - a a rw
            """);
    List<Integer> below = table.mountsBelow("/run/felucca").stream().map(MountInfo::id).toList();
    assertEquals(List.of(7, 5, 4), below);
    assertEquals(below, table.mountsBelow("/run/felucca/").stream().map(MountInfo::id).toList());
    assertEquals(6, table.mountsBelow("/").size());
    assertEquals(5, table.mountAt("/run/felucca/a").orElseThrow().id());
    assertTrue(table.mountAt("/run/none").isEmpty());
  }

  @Test
  void read_thisMachine_hasARootAndProc() {
    MountTable table = MountTable.read();
    assertTrue(table.mountAt("/").isPresent());
    assertEquals("proc", table.mountAt("/proc").orElseThrow().type());
  }
}
