package org.felucca.shim;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Epoll;
import org.felucca.linux.LinuxException;
import org.felucca.linux.PidFd;
import org.felucca.linux.ProcessId;
import org.felucca.linux.Spawner;

/** The one thread that watches the logs of shims and the ends of their processes. */
final class Watches implements AutoCloseable {
  private final Epoll epoll = Epoll.start("felucca-shim-watch");
  private final int logBytesPerSecond;

  Watches(int logBytesPerSecond) {
    this.logBytesPerSecond = logBytesPerSecond;
  }

  /** Runs programs by the same thread. */
  Spawner spawner() {
    return new Spawner(epoll);
  }

  /**
   * Takes over what a shim writes into its log, until the result is closed.
   *
   * @param fifo closed with the result
   */
  ShimLog follow(Key key, Descriptor fifo) {
    return new ShimLog(key, fifo, epoll, logBytesPerSecond);
  }

  /**
   * Waits for the end of a process, without holding a carrier.
   *
   * @return false if it still runs
   * @throws EngineException CANCELLED
   */
  boolean awaitEnd(ProcessId process, Duration atMost) {
    Optional<PidFd> open = PidFd.open(process);
    if (open.isEmpty()) {
      return true;
    }
    CompletableFuture<Boolean> ended = new CompletableFuture<>();
    try (PidFd pidFd = open.get();
        Epoll.Registration _ =
            epoll.register(
                pidFd.descriptor(),
                Epoll.EPOLLIN | Epoll.EPOLLONESHOT,
                (self, events) -> ended.complete(true))) {
      return ended.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (LinuxException e) {
      throw new EngineException(
          ErrorKind.UNAVAILABLE,
          "wait for process %d: %s".formatted(process.pid(), e.getMessage()),
          e);
    } catch (ExecutionException e) {
      throw EngineException.internal("wait for process " + process.pid(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(
          ErrorKind.CANCELLED, "wait for process %d: interrupted".formatted(process.pid()), e);
    }
  }

  @Override
  public void close() {
    epoll.close();
  }
}
