package org.felucca.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/** A running program: fed, listened to and waited for by the epoll thread. */
final class Spawned implements AutoCloseable {
  private static final int WNOHANG = 1;
  private static final int READS_A_TURN = 16;
  private static final int CHUNK = 64 * 1024;

  /** One of its output streams. */
  private final class Stream {
    private final Descriptor reader;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private boolean truncated;

    Stream(Descriptor reader) {
      this.reader = reader;
    }

    void ready(Epoll.Registration registration, int events) {
      for (int i = 0; i < READS_A_TURN; i++) {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        int count;
        try {
          count = FileData.read(reader, chunk);
        } catch (LinuxException e) {
          if (e.is(Errno.EAGAIN)) {
            return;
          }
          count = -1;
        }
        if (count < 0) {
          registration.close();
          reader.close();
          if (openStreams.decrementAndGet() == 0) {
            streamsEnded.complete(null);
          }
          return;
        }
        keep(chunk.array(), count);
      }
    }

    private synchronized void keep(byte[] bytes, int count) {
      int room = Math.min(limit - kept.size(), count);
      kept.write(bytes, 0, room);
      truncated |= room < count;
    }

    synchronized byte[] bytes() {
      return kept.toByteArray();
    }

    synchronized boolean truncated() {
      return truncated;
    }
  }

  private final int limit;
  private final int pid;
  private final PidFd pidFd;
  private final ByteBuffer input;
  private final List<Stream> streams;
  private final List<Epoll.Registration> registrations = new ArrayList<>();
  private final AtomicInteger openStreams;
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private final CompletableFuture<Void> streamsEnded = new CompletableFuture<>();
  private final ReentrantLock reaping = new ReentrantLock();
  private boolean reaped;

  Spawned(SpawnRequest request, int pid, List<Descriptor> readers) {
    this.limit = request.outputLimit();
    this.pid = pid;
    this.input = ByteBuffer.wrap(request.input());
    this.openStreams = new AtomicInteger(readers.size());
    this.streams = readers.stream().map(Stream::new).toList();
    this.pidFd = PidFd.open(pid);
  }

  /** Begins to serve its streams and to wait for its end, which it always does from then on. */
  void watch(Epoll epoll, Descriptor writer) {
    for (Stream stream : streams) {
      registrations.add(epoll.register(stream.reader, Epoll.EPOLLIN, stream::ready));
    }
    if (input.hasRemaining()) {
      registrations.add(epoll.register(writer, Epoll.EPOLLOUT, this::feed));
    }
    epoll.register(pidFd.descriptor(), Epoll.EPOLLIN, this::reap);
  }

  /** The raw status of waitpid(2). */
  CompletableFuture<Integer> ended() {
    return ended;
  }

  CompletableFuture<Void> streamsEnded() {
    return streamsEnded;
  }

  byte[] bytes(int stream) {
    return stream < streams.size() ? streams.get(stream).bytes() : new byte[0];
  }

  boolean truncated() {
    return streams.stream().anyMatch(Stream::truncated);
  }

  /** Kills its group, unless it was waited for: after that the number may be another's. */
  void kill() {
    reaping.lock();
    try {
      if (!reaped) {
        Kernel.call("kill", "process group " + pid, () -> Libc.kill(-pid, Signal.KILL.number()));
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ESRCH)) {
        throw e;
      }
    } finally {
      reaping.unlock();
    }
  }

  private void feed(Epoll.Registration registration, int events) {
    try {
      while (input.hasRemaining()) {
        FileData.writeOnce(registration.descriptor(), input);
      }
    } catch (LinuxException e) {
      if (e.is(Errno.EAGAIN)) {
        return;
      } else if (!e.is(Errno.EPIPE)) { // EPIPE: it has closed its input, which it may
        throw e;
      }
      input.position(input.limit());
    }
    registration.close();
    registration.descriptor().close();
  }

  private void reap(Epoll.Registration registration, int events) {
    int[] status = new int[1];
    reaping.lock();
    try {
      long waited =
          Kernel.call("waitpid", "process " + pid, () -> Libc.waitpid(pid, status, WNOHANG));
      if (waited == 0) {
        return;
      }
      reaped = true;
    } catch (LinuxException e) {
      reaped = true;
      ended.completeExceptionally(e);
    } finally {
      reaping.unlock();
    }
    registration.close();
    pidFd.close();
    ended.complete(status[0]);
  }

  /** Lets everything go, the process too: somebody else waits for it. */
  void abandon() {
    close();
    pidFd.close();
  }

  /** Stops feeding and reading. The program, if it still runs, is waited for all the same. */
  @Override
  public void close() {
    for (Epoll.Registration registration : registrations) {
      registration.close();
      registration.descriptor().close();
    }
  }
}
