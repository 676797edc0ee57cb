package org.felucca.linux;

import java.util.Optional;

/**
 * A process, and no later one that got the same number: the number with the time of its start.
 * Valid within one boot, see {@link BootId}.
 *
 * @param pid in this process's pid namespace
 * @param startTime in clock ticks since the boot, field 22 of /proc/PID/stat
 */
public record ProcessId(int pid, long startTime) {
  public ProcessId {
    if (pid <= 0) {
      throw new IllegalArgumentException("no process: " + pid);
    }
  }

  /** The process that has this number now, perhaps a zombie; empty if none has. */
  public static Optional<ProcessId> of(int pid) {
    return Stat.read(pid).map(stat -> new ProcessId(pid, stat.startTime));
  }

  /** This virtual machine. */
  public static ProcessId self() {
    return of((int) ProcessHandle.current().pid()).orElseThrow();
  }

  /** Whether it still runs; a zombie does not. */
  public boolean alive() {
    Optional<Stat> stat = Stat.read(pid);
    return stat.isPresent() && stat.get().startTime == startTime && !stat.get().ended;
  }

  /**
   * Sends a signal through a pidfd, so that it never hits another process.
   *
   * @return false if the process is gone
   * @throws LinuxException EPERM if it belongs to someone else
   */
  public boolean signal(Signal signal) {
    Optional<PidFd> pidFd = PidFd.open(this);
    if (pidFd.isEmpty()) {
      return false;
    }
    try (PidFd process = pidFd.get()) {
      return process.signal(signal);
    }
  }

  /** What is needed of /proc/PID/stat. */
  record Stat(long startTime, boolean ended) {
    static Optional<Stat> read(int pid) {
      try {
        return Optional.of(parse(ProcFile.read("/proc/" + pid + "/stat")));
      } catch (LinuxException e) {
        if (e.is(Errno.ENOENT) || e.is(Errno.ESRCH)) {
          return Optional.empty();
        }
        throw e;
      }
    }

    /** Fields are counted behind the program's name, which may hold blanks and brackets. */
    static Stat parse(String text) {
      int nameEnd = text.lastIndexOf(')');
      String[] fields = text.substring(nameEnd + 2).strip().split(" ", -1);
      String state = fields[0];
      // The first thread may be a zombie while others run on.
      long threads = Long.parseLong(fields[17]);
      boolean ended = state.equals("X") || (state.equals("Z") && threads <= 1);
      return new Stat(Long.parseLong(fields[19]), ended);
    }
  }
}
