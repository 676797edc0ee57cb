package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.ProcessTable;
import org.junit.jupiter.api.Test;

class ProcessListTest {
  private static final Instant BOOT = Instant.parse("2026-11-24T00:00:00Z");

  /** As /proc/PID/stat has it: a name with a bracket, 61.5 s of processor time. */
  private static String stat(int terminal, long startTicks) {
    return "4711 (a) b) S 12 4711 4711 %d 0 4194560 100 0 0 0 6000 150 0 0 20 0 1 0 %d 100 10 1"
        .formatted(terminal, startTicks);
  }

  private static byte[] command(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void row_ofToday_showsTheTimeOfDay() {
    assertEquals(
        List.of("root", "4711", "12", "61", "12:00", "pts/3", "00:01:01", "sleep 10"),
        ProcessList.row(
            "root",
            stat((136 << 8) | 3, 43_200_00L),
            command("sleep\00010\0"),
            BOOT,
            BOOT.plusSeconds(43_300),
            ZoneOffset.UTC));
  }

  @Test
  void row_ofEarlierWithoutArguments_showsDayAndName() {
    assertEquals(
        List.of("daemon", "4711", "12", "0", "Nov24", "?", "00:01:01", "[a) b]"),
        ProcessList.row(
            "daemon", stat(0, 0), command(""), BOOT, BOOT.plusSeconds(864_000), ZoneOffset.UTC));
  }

  @Test
  void usual_thisProcess_isThere() {
    long own = ProcessHandle.current().pid();
    ProcessTable table = ProcessList.usual(List.of((int) own, Integer.MAX_VALUE));
    assertEquals(1, table.rows().size());
    assertEquals(Long.toString(own), table.rows().getFirst().get(1));
    assertTrue(table.rows().getFirst().getLast().contains("java"), table::toString);
  }

  @Test
  void select_keepsTheirLinesWithTheRestInTheLastColumn() {
    String output = "USER   PID COMMAND\nroot     1 init --all of it\nroot    22 other\nme 333 x\n";
    assertEquals(
        new ProcessTable(
            List.of("USER", "PID", "COMMAND"),
            List.of(List.of("root", "1", "init --all of it"), List.of("me", "333", "x"))),
        ProcessList.select(output, List.of(1, 333)));
    EngineException e =
        assertThrows(
            EngineException.class, () -> ProcessList.select("COMMAND\ninit\n", List.of(1)));
    assertTrue(String.valueOf(e.getMessage()).contains("PID"));
  }

  @Test
  void networkCounters_parse_leavesTheLoopbackOut() {
    assertEquals(
        new NetworkCounters(1500, 700),
        NetworkCounters.parse(
            List.of(
                "Inter-|   Receive                            |  Transmit",
                " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs",
                "    lo:     111       1    0    0    0     0          0         0      111       1    0",
                "  eth0:    1000       9    0    0    0     0          0         0      300       2    0",
                "  eth1: 500 1 0 0 0 0 0 0 400 1 0 0 0 0 0 0")));
  }

  @Test
  void hostMemory_total_isInBytes() {
    assertEquals(
        8_000_000L * 1024,
        HostMemory.total(List.of("MemTotal:        8000000 kB", "MemFree: 1 kB")));
    assertTrue(HostMemory.total() > 1 << 20);
  }
}
