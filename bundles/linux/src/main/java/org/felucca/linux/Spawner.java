package org.felucca.linux;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs programs to their end. A program leads a session and a process group of its own, has no
 * descriptor of this process beyond its three streams, default signals, and only the environment
 * that it is given. It is killed with its whole group at its deadline and when the waiting thread
 * is interrupted; children that it leaves behind when it ends by itself are left alone.
 *
 * <p>Waiting holds no carrier, all streams are served by the thread of the {@link Epoll}; only the
 * start itself holds the carrier, for about a millisecond.
 */
public final class Spawner {
  /**
   * A killed process that does not go away, say in a hung network file system, is given up after.
   */
  private static final Duration DEATH = Duration.ofSeconds(5);

  private static final int F_DUPFD_CLOEXEC = 1030;

  private final Epoll epoll;

  /** Spawns with the help of an epoll that must outlive every {@link #run}. */
  public Spawner(Epoll epoll) {
    this.epoll = epoll;
  }

  /**
   * Runs a program.
   *
   * @throws LinuxException if it can't be started (ENOENT, EACCES, ENOEXEC ...), or ETIMEDOUT if it
   *     can't even be killed
   * @throws InterruptedException if the thread was interrupted; the program was killed
   */
  public SpawnResult run(SpawnRequest request) throws InterruptedException {
    try (Spawned spawned = start(request)) {
      boolean timedOut = false;
      int status;
      try {
        Integer inTime = await(spawned.ended(), request.deadline());
        if (inTime == null) {
          timedOut = true;
          spawned.kill();
          inTime = await(spawned.ended(), DEATH);
        }
        if (inTime == null) {
          throw new LinuxException(
              "kill",
              request.command().getFirst(),
              Errno.ETIMEDOUT,
              "it does not end even by SIGKILL, its system call hangs");
        }
        status = inTime;
        await(spawned.streamsEnded(), request.grace());
      } catch (InterruptedException e) {
        spawned.kill();
        throw e;
      }
      boolean complete = spawned.streamsEnded().isDone();
      int signal = status & 0x7F;
      return new SpawnResult(
          signal == 0 ? status >> 8 & 0xFF : 128 + signal,
          signal,
          spawned.bytes(0),
          spawned.bytes(1),
          spawned.truncated(),
          complete,
          timedOut);
    }
  }

  /** The value, or null after the time. */
  private static <T> @org.jspecify.annotations.Nullable T await(
      CompletableFuture<T> future, Duration atMost) throws InterruptedException {
    try {
      return future.get(TimeUnit.MILLISECONDS.convert(atMost), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof LinuxException cause) {
        throw cause;
      }
      throw new IllegalStateException(e);
    }
  }

  private Spawned start(SpawnRequest request) {
    List<Descriptor> ours = new ArrayList<>();
    List<Descriptor> theirs = new ArrayList<>();
    try {
      Descriptor input;
      Descriptor writer;
      if (request.input().length == 0) {
        input = keep(theirs, Descriptor.open("/dev/null", OpenFlags.O_RDONLY, 0));
        writer = input;
      } else {
        Pipe pipe = Pipe.open(0);
        input = keep(theirs, pipe.reader());
        writer = keep(ours, pipe.writer());
        writer.setNonBlocking(true);
      }
      List<Descriptor> readers = new ArrayList<>();
      Descriptor output = outputPipe(ours, theirs, readers);
      Descriptor error = request.merged() ? output : outputPipe(ours, theirs, readers);
      int pid = NativeSpawn.start(request, input, output, error);
      theirs.forEach(Descriptor::close);
      return watch(request, pid, writer, readers);
    } catch (RuntimeException e) {
      theirs.forEach(Descriptor::close);
      ours.forEach(Descriptor::close);
      throw e;
    }
  }

  private Spawned watch(
      SpawnRequest request, int pid, Descriptor writer, List<Descriptor> readers) {
    Spawned spawned = null;
    try {
      spawned = new Spawned(request, pid, readers);
      spawned.watch(epoll, writer);
      return spawned;
    } catch (RuntimeException e) {
      // The epoll is closed, or descriptors ran out: nobody would ever wait for this child.
      if (spawned != null) {
        spawned.abandon();
      }
      Kernel.call("kill", "process group " + pid, () -> Libc.kill(-pid, Signal.KILL.number()));
      Kernel.call("waitpid", "process " + pid, () -> Libc.waitpid(pid, new int[1], 0));
      throw e;
    }
  }

  private static Descriptor outputPipe(
      List<Descriptor> ours, List<Descriptor> theirs, List<Descriptor> readers) {
    Pipe pipe = Pipe.open(0);
    pipe.reader().setNonBlocking(true);
    readers.add(keep(ours, pipe.reader()));
    return keep(theirs, pipe.writer());
  }

  /**
   * Moves it above the numbers of the standard streams, in case this process was started without.
   */
  private static Descriptor keep(List<Descriptor> list, Descriptor descriptor) {
    Descriptor kept = descriptor;
    if (descriptor.number() < 3) {
      kept =
          Descriptor.opened(
              descriptor.call("fcntl", null, fd -> Libc.fcntl(fd, F_DUPFD_CLOEXEC, 3)), 0);
      descriptor.close();
    }
    list.add(kept);
    return kept;
  }
}
