package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What went over the network interfaces of a process's network namespace but the loopback, see
 * proc_pid_net(5).
 *
 * @param received bytes
 * @param sent bytes
 */
record NetworkCounters(long received, long sent) {
  private static final int SENT_COLUMN = 8;

  /** Of a process; nothing if it is gone, or shares the network of the engine. */
  static NetworkCounters of(int pid) {
    try {
      Path own = Path.of("/proc/self/ns/net");
      Path its = Path.of("/proc/" + pid + "/ns/net");
      if (Files.readSymbolicLink(own).equals(Files.readSymbolicLink(its))) {
        return new NetworkCounters(0, 0);
      }
      return parse(Files.readAllLines(Path.of("/proc/" + pid + "/net/dev")));
    } catch (IOException e) {
      return new NetworkCounters(0, 0);
    }
  }

  static NetworkCounters parse(List<String> lines) {
    long received = 0;
    long sent = 0;
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon < 0 || line.substring(0, colon).strip().equals("lo")) {
        continue;
      }
      String[] figures = line.substring(colon + 1).strip().split("\\s+", -1);
      received += Long.parseLong(figures[0]);
      sent += Long.parseLong(figures[SENT_COLUMN]);
    }
    return new NetworkCounters(received, sent);
  }
}
