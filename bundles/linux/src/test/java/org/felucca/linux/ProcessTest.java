package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProcessTest {
  private static Process sleep() throws IOException {
    return new ProcessBuilder("sleep", "100").start();
  }

  private static ProcessId id(Process process) {
    return ProcessId.of((int) process.pid()).orElseThrow();
  }

  @Test
  void id_ofARunningProcess_livesUntilItIsKilled() throws Exception {
    Process process = sleep();
    ProcessId id = id(process);
    assertTrue(id.alive());
    assertEquals(id, id(process));
    assertTrue(id.signal(Signal.KILL));
    assertEquals(128 + 9, process.waitFor());
    assertFalse(id.alive());
    assertFalse(id.signal(Signal.KILL));
    assertTrue(PidFd.open(id).isEmpty());
  }

  @Test
  void id_ofANumberThatIsAnothersNow_isDeadAndNeverSignalled() throws Exception {
    Process process = sleep();
    try {
      // What a record says of an earlier process that had this number.
      ProcessId earlier = new ProcessId((int) process.pid(), id(process).startTime() - 1);
      assertFalse(earlier.alive());
      assertFalse(earlier.signal(Signal.KILL));
      assertTrue(PidFd.open(earlier).isEmpty());
      assertTrue(process.isAlive());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void id_ofAZombie_isDead() throws Exception {
    // Its parent, a shell that became sleep, never waits for it.
    Process parent =
        new ProcessBuilder("/bin/sh", "-c", "sleep 0.2 & echo $!; exec sleep 100").start();
    try {
      int pid = Integer.parseInt(parent.inputReader().readLine());
      ProcessId zombie = null;
      for (int i = 0; i < 200; i++) {
        zombie = ProcessId.of(pid).orElseThrow();
        if (!zombie.alive()) {
          break;
        }
        Thread.sleep(20);
      }
      assertFalse(zombie.alive());
      try (PidFd pidFd = PidFd.open(zombie).orElseThrow()) {
        assertTrue(pidFd.ended());
      }
    } finally {
      parent.destroyForcibly().waitFor();
    }
  }

  @Test
  void pidFd_ofNoChild_tellsItsEnd() throws Exception {
    Process parent =
        new ProcessBuilder("/bin/sh", "-c", "sleep 100 & echo $!; wait $!; exit 7").start();
    int grandchild = Integer.parseInt(parent.inputReader().readLine());
    try (Epoll epoll = Epoll.start("felucca-test-pidfd");
        PidFd pidFd = PidFd.open(ProcessId.of(grandchild).orElseThrow()).orElseThrow()) {
      CountDownLatch ended = new CountDownLatch(1);
      Epoll.Registration registration =
          epoll.register(
              pidFd.descriptor(),
              Epoll.EPOLLIN,
              (r, events) -> {
                r.close();
                ended.countDown();
              });
      assertFalse(pidFd.ended());
      assertFalse(pidFd.awaitEnd(Duration.ofMillis(50)));
      assertTrue(pidFd.signal(Signal.TERM));
      assertTrue(ended.await(10, TimeUnit.SECONDS));
      assertTrue(pidFd.awaitEnd(Duration.ofSeconds(1)));
      registration.close();
      assertEquals(7, parent.waitFor());
      assertFalse(pidFd.signal(Signal.TERM)); // gone, and no other process is hit
    } finally {
      parent.destroyForcibly();
    }
  }

  @Test
  void pidFd_ofNobody_isNoSuchProcess() {
    Expect.fails(Errno.ESRCH, () -> PidFd.open(Integer.MAX_VALUE));
    assertTrue(ProcessId.of(Integer.MAX_VALUE).isEmpty());
    assertThrows(IllegalArgumentException.class, () -> new ProcessId(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new ProcessId(-1, 1));
  }

  @Test
  void stat_oddProgramNames_areSkipped() {
    ProcessId.Stat stat =
        ProcessId.Stat.parse(
            "7 (a) Z 1 (b c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 1 2 3\n");
    assertEquals(4711, stat.startTime());
    assertFalse(stat.ended());
    String zombie = "7 (x) Z 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 %d 0 4711 1 2 3\n";
    assertTrue(ProcessId.Stat.parse(String.format(zombie, 1)).ended());
    // Only its first thread has ended.
    assertFalse(ProcessId.Stat.parse(String.format(zombie, 2)).ended());
  }

  @Test
  void self_isThisVirtualMachine() {
    ProcessId self = ProcessId.self();
    assertEquals(ProcessHandle.current().pid(), self.pid());
    assertTrue(self.alive());
    assertTrue(self.startTime() > 0);
  }

  @Test
  void bootId_isStable() {
    assertEquals(BootId.current(), BootId.current());
    assertEquals(36, BootId.current().value().length());
    assertThrows(IllegalArgumentException.class, () -> new BootId(" "));
  }

  @Test
  void signal_names_goBothWays() throws Exception {
    for (int number = 1; number <= 64; number++) {
      Signal signal = new Signal(number);
      if (number != 32 && number != 33) {
        assertEquals(signal, Signal.parse(signal.name()));
        assertEquals(signal, Signal.parse(signal.name().substring(3).toLowerCase()));
      }
      assertEquals(signal, Signal.parse(Integer.toString(number)));
    }
    assertEquals("SIGTERM", Signal.TERM.toString());
    assertEquals(37, Signal.parse("RTMIN+3").number());
    assertEquals(62, Signal.parse("SIGRTMAX-2").number());
    assertEquals(34, Signal.parse("rtmin").number());
    assertEquals(64, Signal.parse("RTMAX").number());
    assertEquals(6, Signal.parse("SIGIOT").number());
    assertNotEquals(Signal.INT, Signal.parse("quit"));
    // The shell's own table, where it has one.
    Process list = new ProcessBuilder("/bin/bash", "-c", "kill -l TERM; kill -l RTMIN+3").start();
    assertEquals(List.of("15", "37"), list.inputReader().lines().toList());
  }

  @Test
  void signal_rubbish_isRefused() {
    for (String text :
        List.of(
            "",
            "SIG",
            "TERMX",
            "0",
            "65",
            "-1",
            "RTMIN+31",
            "RTMAX-31",
            "RTMIN+",
            "RTMIN-1",
            "1e1",
            "999999999999",
            "SIG15",
            "RTMIN+ 3",
            "٣")) {
      assertThrows(IllegalArgumentException.class, () -> Signal.parse(text), text);
    }
  }
}
