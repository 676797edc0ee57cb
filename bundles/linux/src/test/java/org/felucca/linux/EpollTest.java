package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EpollTest {
  private final Scratch scratch = Scratch.onDisk();
  private final Dir dir = scratch.dir();
  private final Epoll epoll = Epoll.start("felucca-test-epoll");

  @AfterEach
  void cleanUp() {
    epoll.close();
    dir.close();
    scratch.close();
  }

  private static void send(Descriptor to, int value) {
    FileData.write(to, new byte[] {(byte) value}, 0, 1);
  }

  @Test
  void register_hundredFifos_eachIsHeardByItself() throws InterruptedException {
    int count = 100;
    BlockingQueue<List<Integer>> heard = new LinkedBlockingQueue<>();
    List<Descriptor> fifos = new ArrayList<>();
    Thread[] callers = new Thread[1];
    for (int i = 0; i < count; i++) {
      int index = i;
      Fifos.make(dir, "fifo" + i, 0600);
      Descriptor fifo = Fifos.open(dir, "fifo" + i, OpenFlags.O_RDWR);
      fifos.add(fifo);
      epoll.register(
          fifo,
          Epoll.EPOLLIN,
          (registration, events) -> {
            callers[0] = Thread.currentThread();
            ByteBuffer read = ByteBuffer.allocate(1);
            FileData.read(registration.descriptor(), read);
            heard.add(List.of(index, read.get(0) & 0xFF, events));
          });
    }
    assertEquals(count, epoll.size());
    List<List<Integer>> expected = new ArrayList<>();
    for (int round = 0; round < 20; round++) {
      expected.clear();
      for (int i = 0; i < count; i++) {
        int value = (i * 7 + round) & 0xFF;
        expected.add(List.of(i, value, Epoll.EPOLLIN));
        send(fifos.get(i), value);
      }
      List<List<Integer>> got = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        List<Integer> one = heard.poll(10, TimeUnit.SECONDS);
        assertTrue(one != null, "only " + i + " were heard");
        got.add(one);
      }
      got.sort((a, b) -> a.getFirst() - b.getFirst());
      assertEquals(expected, got);
    }
    assertEquals("felucca-test-epoll", callers[0].getName());
    fifos.forEach(Descriptor::close);
  }

  @Test
  void close_registration_isHeardNoMore_alsoUnderLoad() throws InterruptedException {
    AtomicInteger late = new AtomicInteger();
    for (int round = 0; round < 300; round++) {
      try (Pipe pipe = Pipe.open(OpenFlags.O_NONBLOCK)) {
        CountDownLatch first = new CountDownLatch(1);
        Object[] ended = new Object[1];
        Epoll.Registration registration =
            epoll.register(
                pipe.reader(),
                Epoll.EPOLLIN,
                (r, events) -> {
                  first.countDown(); // does not read: it stays ready
                  synchronized (ended) {
                    if (ended[0] != null) {
                      late.incrementAndGet();
                    }
                  }
                });
        send(pipe.writer(), 1);
        assertTrue(first.await(10, TimeUnit.SECONDS));
        registration.close();
        EventFd pass = EventFd.open(); // two more turns of the loop: all calls before are over
        turn(pass);
        turn(pass);
        synchronized (ended) {
          ended[0] = "ended";
        }
        turn(pass);
        pass.close();
        registration.close();
      }
    }
    assertEquals(0, late.get());
    assertEquals(0, epoll.size());
  }

  private void turn(EventFd pass) throws InterruptedException {
    CountDownLatch turned = new CountDownLatch(1);
    pass.signal();
    Epoll.Registration registration =
        epoll.register(
            pass.descriptor(),
            Epoll.EPOLLIN,
            (r, events) -> {
              pass.drain();
              turned.countDown();
            });
    assertTrue(turned.await(10, TimeUnit.SECONDS));
    registration.close();
  }

  @Test
  void close_descriptorWhileRegistered_keepsItUntilTheRegistrationEnds() throws Exception {
    Pipe pipe = Pipe.open(OpenFlags.O_NONBLOCK);
    int number = pipe.reader().number();
    Epoll.Registration registration = epoll.register(pipe.reader(), Epoll.EPOLLIN, (r, e) -> {});
    pipe.reader().close();
    assertTrue(java.nio.file.Files.exists(java.nio.file.Path.of("/proc/self/fdinfo/" + number)));
    send(pipe.writer(), 1); // no EPIPE: the reader is still there
    registration.close();
    Expect.fails(Errno.EPIPE, () -> send(pipe.writer(), 2));
    pipe.writer().close();
  }

  @Test
  void modify_interest_takesEffect() throws InterruptedException {
    try (Pipe pipe = Pipe.open(OpenFlags.O_NONBLOCK)) {
      BlockingQueue<Integer> heard = new LinkedBlockingQueue<>();
      Epoll.Registration registration =
          epoll.register(
              pipe.writer(),
              0,
              (r, events) -> {
                heard.add(events);
                r.modify(0);
              });
      assertEquals(null, heard.poll(100, TimeUnit.MILLISECONDS));
      registration.modify(Epoll.EPOLLOUT);
      assertEquals(Epoll.EPOLLOUT, heard.poll(10, TimeUnit.SECONDS));
      assertEquals(null, heard.poll(100, TimeUnit.MILLISECONDS));
      pipe.reader().close(); // an error is told whatever was asked for
      assertTrue((heard.poll(10, TimeUnit.SECONDS) & Epoll.EPOLLERR) != 0);
      registration.close();
    }
  }

  @Test
  void listener_thatThrows_losesItsRegistrationOnly() throws InterruptedException {
    Logger log = Logger.getLogger(Epoll.class.getName());
    Level level = log.getLevel();
    log.setLevel(Level.OFF);
    try (Pipe bad = Pipe.open(OpenFlags.O_NONBLOCK);
        Pipe good = Pipe.open(OpenFlags.O_NONBLOCK)) {
      epoll.register(
          bad.reader(),
          Epoll.EPOLLIN,
          (r, events) -> {
            throw new IllegalStateException("of the test");
          });
      CountDownLatch heard = new CountDownLatch(1);
      send(bad.writer(), 1);
      epoll.register(
          good.reader(),
          Epoll.EPOLLIN,
          (r, events) -> {
            FileData.read(r.descriptor(), new byte[1], 0, 1);
            heard.countDown();
          });
      for (int i = 0; i < 100 && epoll.size() > 1; i++) {
        Thread.sleep(20);
      }
      assertEquals(1, epoll.size());
      send(good.writer(), 1);
      assertTrue(heard.await(10, TimeUnit.SECONDS));
    } finally {
      log.setLevel(level);
    }
  }

  @Test
  void register_unsuitable_isRefusedAndNotKept() {
    scratch.file("f", "");
    try (Descriptor file = dir.openName("f", OpenFlags.O_RDONLY, 0);
        Pipe pipe = Pipe.open(0)) {
      Expect.fails(Errno.EPERM, () -> epoll.register(file, Epoll.EPOLLIN, (r, e) -> {}));
      epoll.register(pipe.reader(), Epoll.EPOLLIN, (r, e) -> {});
      Expect.fails(Errno.EEXIST, () -> epoll.register(pipe.reader(), Epoll.EPOLLIN, (r, e) -> {}));
      assertEquals(1, epoll.size());
    }
  }

  @Test
  void close_endsTheThreadAndAllRegistrations() throws InterruptedException {
    Epoll other = Epoll.start("felucca-test-closing");
    Pipe pipe = Pipe.open(0);
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch heard = new CountDownLatch(1);
    other.register(
        pipe.reader(),
        Epoll.EPOLLIN,
        (r, events) -> {
          thread.set(Thread.currentThread());
          FileData.read(r.descriptor(), new byte[1], 0, 1);
          heard.countDown();
        });
    send(pipe.writer(), 1);
    assertTrue(heard.await(10, TimeUnit.SECONDS));
    other.close();
    other.close();
    assertFalse(thread.get().isAlive());
    assertEquals(0, other.size());
    Expect.fails(Errno.EBADF, () -> other.register(pipe.reader(), Epoll.EPOLLIN, (r, e) -> {}));
    pipe.reader().close();
    Expect.fails(Errno.EPIPE, () -> send(pipe.writer(), 1)); // nobody holds the reader any more
    pipe.writer().close();
  }

  @Test
  void close_whileEventsCome_neverFails() {
    try (Pipe pipe = Pipe.open(OpenFlags.O_NONBLOCK)) {
      send(pipe.writer(), 1); // never read: the loop turns without a pause
      for (int i = 0; i < 500; i++) {
        Epoll busy = Epoll.start("felucca-test-busy");
        busy.register(pipe.reader(), Epoll.EPOLLIN, (r, events) -> {});
        busy.close();
        assertEquals(0, busy.size());
      }
    }
  }

  @Test
  void close_fromAListener_doesNotWaitForItself() throws InterruptedException {
    Epoll other = Epoll.start("felucca-test-closing");
    try (Pipe pipe = Pipe.open(0)) {
      CountDownLatch closed = new CountDownLatch(1);
      other.register(
          pipe.reader(),
          Epoll.EPOLLIN,
          (r, events) -> {
            other.close();
            closed.countDown();
          });
      send(pipe.writer(), 1);
      assertTrue(closed.await(10, TimeUnit.SECONDS));
      other.close();
      assertEquals(0, other.size());
    }
  }

  @Test
  void poll_eventsTimeAndHangUp() {
    try (Pipe pipe = Pipe.open(0)) {
      assertEquals(0, Poll.await(pipe.reader(), Epoll.EPOLLIN, Duration.ZERO));
      long start = System.nanoTime();
      assertEquals(0, Poll.await(pipe.reader(), Epoll.EPOLLIN, Duration.ofMillis(120)));
      assertTrue(System.nanoTime() - start >= 120_000_000L);
      assertEquals(
          Epoll.EPOLLOUT, Poll.await(pipe.writer(), Epoll.EPOLLOUT, Duration.ofDays(9_999)));
      send(pipe.writer(), 1);
      assertEquals(Epoll.EPOLLIN, Poll.await(pipe.reader(), Epoll.EPOLLIN, Duration.ofSeconds(9)));
      pipe.writer().close();
      FileData.read(pipe.reader(), new byte[1], 0, 1);
      assertEquals(Epoll.EPOLLHUP, Poll.await(pipe.reader(), Epoll.EPOLLIN, Duration.ofSeconds(9)));
    }
  }

  @Test
  void eventFd_countsAndDrains() {
    try (EventFd event = EventFd.open()) {
      assertEquals(0, event.drain());
      event.signal();
      event.signal();
      assertEquals(2, event.drain());
      assertEquals(0, Poll.await(event.descriptor(), Epoll.EPOLLIN, Duration.ZERO));
    }
  }

  @Test
  void fifo_modesAndImpostors() {
    Fifos.make(dir, "fifo", 0666); // more than the umask lets through
    assertEquals(0666, dir.stat("fifo").permissions());
    Expect.fails(Errno.ENXIO, () -> Fifos.open(dir, "fifo", OpenFlags.O_WRONLY));
    try (Descriptor reader = Fifos.open(dir, "fifo", OpenFlags.O_RDONLY);
        Descriptor writer = Fifos.open(scratch.path("fifo"), OpenFlags.O_WRONLY)) {
      Expect.fails(Errno.EAGAIN, () -> FileData.read(reader, new byte[1], 0, 1));
      send(writer, 5);
      byte[] read = new byte[2];
      assertEquals(1, FileData.read(reader, read, 0, 2));
    }
    scratch.file("file", "");
    dir.symlink("fifo", "link");
    dir.mknod("device", FileType.CHARACTER_DEVICE, 0600, new DeviceNumber(4095, 1));
    for (String name : List.of("file", "link", "device", "folder")) {
      scratch.folder("folder");
      LinuxException e = Expect.fails(Errno.EINVAL, () -> Fifos.open(dir, name, OpenFlags.O_RDWR));
      assertTrue(e.getMessage().contains("a fifo is wanted"), e::getMessage);
      Expect.fails(Errno.EINVAL, () -> Fifos.open(scratch.path(name), OpenFlags.O_RDWR));
    }
    assertSame(FileType.FIFO, dir.stat("fifo").type());
  }
}
