package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DescriptorTest {
  private final Scratch scratch = Scratch.onDisk();

  @AfterEach
  void cleanUp() {
    scratch.close();
  }

  private static boolean isOpen(int fd) {
    return Files.exists(Path.of("/proc/self/fd/" + fd), LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  void open_always_closesOnExec() throws IOException {
    scratch.file("a", "");
    try (Dir dir = scratch.dir();
        Descriptor plain = Descriptor.open(scratch.path("a"), OpenFlags.O_RDONLY, 0);
        Descriptor byOpenat2 = dir.openInRoot("a", OpenFlags.O_PATH, 0);
        Descriptor byName = dir.openName("a", OpenFlags.O_RDONLY, 0);
        Descriptor again = byOpenat2.reopen(OpenFlags.O_RDONLY);
        Descriptor duplicate = plain.duplicate();
        Pipe pipe = Pipe.open(0);
        EventFd event = EventFd.open();
        PidFd process = PidFd.open((int) ProcessHandle.current().pid());
        DetachedMount mount = DetachedMount.bind(scratch.path(), false)) {
      for (Descriptor each :
          new Descriptor[] {
            plain,
            byOpenat2,
            byName,
            again,
            duplicate,
            pipe.reader(),
            pipe.writer(),
            event.descriptor(),
            process.descriptor(),
            dir.descriptor(),
            mount.descriptor()
          }) {
        String info = Files.readString(Path.of("/proc/self/fdinfo/" + each.number()));
        int flags =
            info.lines()
                .filter(line -> line.startsWith("flags:"))
                .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .findFirst()
                .orElseThrow();
        assertTrue((flags & OpenFlags.O_CLOEXEC) != 0, each + " " + info);
      }
    }
  }

  @Test
  void close_twice_closesOnce() {
    Descriptor first = Descriptor.open(scratch.path(), OpenFlags.O_PATH, 0);
    int number = first.number();
    first.close();
    assertFalse(isOpen(number));
    // The kernel gives the lowest free number: the second close must not hit this one.
    try (Descriptor second = Descriptor.open("/proc/self/stat", OpenFlags.O_PATH, 0)) {
      first.close();
      assertEquals(FileType.REGULAR, second.stat().type());
    }
  }

  @Test
  void use_afterClose_isBadDescriptor() {
    Descriptor descriptor = Descriptor.open(scratch.path(), OpenFlags.O_PATH, 0);
    descriptor.close();
    assertTrue(descriptor.isClosed());
    assertEquals("closed descriptor", descriptor.toString());
    Expect.fails(Errno.EBADF, descriptor::stat);
    Expect.fails(Errno.EBADF, descriptor::number);
  }

  @Test
  void use_whileAnotherThreadCloses_neverReachesAnotherFile() throws InterruptedException {
    scratch.file("right", "");
    scratch.file("wrong", "");
    long right;
    try (Dir dir = scratch.dir()) {
      right = dir.stat("right").inode();
    }
    AtomicLong other = new AtomicLong();
    AtomicBoolean stop = new AtomicBoolean();
    Thread opener =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) { // takes every number that becomes free
                    Descriptor.open(scratch.path("wrong"), OpenFlags.O_PATH, 0).close();
                  }
                });
    for (int round = 0; round < 2_000; round++) {
      Descriptor shared = Descriptor.open(scratch.path("right"), OpenFlags.O_PATH, 0);
      Thread user =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      while (true) {
                        long inode = shared.stat().inode();
                        if (inode != right) {
                          other.set(inode);
                        }
                      }
                    } catch (LinuxException e) {
                      if (!e.is(Errno.EBADF)) {
                        throw e;
                      }
                    }
                  });
      shared.close();
      user.join();
    }
    stop.set(true);
    opener.join();
    assertEquals(0, other.get(), "another file was reached through a closed descriptor");
  }

  @Test
  void forgotten_isClosedByTheCollector() throws InterruptedException {
    int number = openAndForget();
    for (int i = 0; i < 100 && isOpen(number); i++) {
      System.gc();
      Thread.sleep(50);
    }
    assertFalse(isOpen(number));
  }

  private int openAndForget() {
    return Descriptor.open(scratch.path(), OpenFlags.O_PATH, 0).number();
  }

  @Test
  void setNonBlocking_onAPipe_makesReadFailAtOnce() {
    try (Pipe pipe = Pipe.open(0)) {
      pipe.reader().setNonBlocking(true);
      Expect.fails(Errno.EAGAIN, () -> FileData.read(pipe.reader(), new byte[1], 0, 1));
      FileData.write(pipe.writer(), new byte[] {7}, 0, 1);
      byte[] read = new byte[1];
      assertEquals(1, FileData.read(pipe.reader(), read, 0, 1));
      assertEquals(7, read[0]);
    }
  }

  @Test
  void message_ofAFailure_namesCallFileAndSymbol() {
    try (Dir dir = scratch.dir()) {
      LinuxException e = Expect.fails(Errno.ENOENT, () -> dir.unlink("ab\nc"));
      assertEquals("unlinkat", e.call());
      assertEquals(
          "unlinkat(" + scratch.path() + ", \"ab\\x0ac\"): ENOENT (no such file or directory)",
          e.getMessage());
    }
  }
}
