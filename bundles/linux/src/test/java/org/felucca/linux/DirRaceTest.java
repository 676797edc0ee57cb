package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Attacks that swap a folder for a link while a path through it is being walked. */
class DirRaceTest {
  private static final int ROUNDS = 30_000;

  private final Scratch scratch = Scratch.onTmpfs();

  @AfterEach
  void cleanUp() {
    scratch.close();
  }

  /** Something that is done over and over until {@link #close}. */
  private static final class Attacker implements AutoCloseable {
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger rounds = new AtomicInteger();
    private final Thread thread;

    Attacker(Runnable deed) {
      thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!stop.get()) {
                      deed.run();
                      rounds.incrementAndGet();
                    }
                  });
    }

    int rounds() {
      return rounds.get();
    }

    @Override
    public void close() {
      stop.set(true);
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private static Attacker swapping(Dir dir, String one, String other) {
    return new Attacker(() -> dir.rename(one, dir, other, Dir.RENAME_EXCHANGE));
  }

  @Test
  void openInRoot_parentSwappedForALinkOut_neverLeaves() {
    scratch.file("outside/f", "outside");
    scratch.file("root/a/f", "inside");
    long inside;
    int refused = 0;
    int opened = 0;
    try (Dir root = Dir.open(scratch.path("root"))) {
      root.symlink("../outside", "relative");
      try (Dir a = root.enter("a")) {
        inside = a.stat("f").inode();
      }
      try (Attacker attacker = swapping(root, "a", "relative")) {
        for (int i = 0; i < ROUNDS; i++) {
          try (Descriptor file = root.openInRoot("a/f", OpenFlags.O_RDONLY, 0)) {
            assertEquals(inside, file.stat().inode());
            opened++;
          } catch (LinuxException e) {
            assertEquals(Errno.ENOENT, e.errno(), e::getMessage); // /outside is not in the root
            refused++;
          }
        }
        assertTrue(attacker.rounds() > 100);
      }
    }
    assertTrue(opened > 0 && refused > 0, "no race was run: " + opened + ", " + refused);
  }

  @Test
  void openInRoot_dotDotOutOfAMovingFolder_neverLeaves() {
    // The classic escape of chroot-like walks: a/b/../../x, with b moved out of the root in
    // between.
    scratch.file("x", "outside");
    scratch.file("root/x", "inside");
    scratch.folder("root/a/b");
    scratch.folder("elsewhere");
    long inside;
    int found = 0;
    try (Dir top = scratch.dir();
        Dir root = top.enter("root");
        Dir a = root.enter("a");
        Dir elsewhere = top.enter("elsewhere")) {
      inside = root.stat("x").inode();
      try (Attacker attacker =
          new Attacker(
              () -> {
                a.rename("b", elsewhere, "b", 0);
                elsewhere.rename("b", a, "b", 0);
              })) {
        for (int i = 0; i < ROUNDS; i++) {
          try (Descriptor file = root.openInRoot("a/b/../../x", OpenFlags.O_RDONLY, 0)) {
            assertEquals(inside, file.stat().inode());
            found++;
          } catch (LinuxException e) {
            // EAGAIN: 256 tries in a row met a rename. EXDEV: the kernel saw it leave.
            assertTrue(
                e.is(Errno.ENOENT) || e.is(Errno.EAGAIN) || e.is(Errno.EXDEV), e::getMessage);
          }
        }
        assertTrue(attacker.rounds() > 100);
      }
    }
    assertTrue(found > 0);
  }

  @Test
  void mkdir_inAFolderSwappedForALink_lands_whereItWasOpened() {
    scratch.folder("outside");
    scratch.folder("root/a");
    try (Dir root = Dir.open(scratch.path("root"))) {
      root.symlink(scratch.path("outside"), "link");
      try (Attacker attacker = swapping(root, "a", "link")) {
        for (int i = 0; i < ROUNDS / 10; i++) {
          try (Dir a = root.openDirInRoot("a")) {
            a.mkdir("d" + i, 0755);
          } catch (LinuxException e) {
            assertEquals(Errno.ENOENT, e.errno(), e::getMessage);
          }
        }
        assertTrue(attacker.rounds() > 100);
      }
    }
    try (Dir outside = Dir.open(scratch.path("outside"))) {
      assertTrue(outside.isEmpty(), "something was made outside");
    }
    assertTrue(Files.isDirectory(Path.of(scratch.path("outside"))));
  }
}
