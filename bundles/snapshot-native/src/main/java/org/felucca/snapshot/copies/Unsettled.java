package org.felucca.snapshot.copies;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.BootId;
import org.felucca.linux.Dir;
import org.felucca.linux.DirEntry;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.snapshot.base.SnapshotFolders;
import org.jspecify.annotations.Nullable;

/**
 * Copies of which the disk may not have everything yet. Each has a link beside its files that names
 * the boot in which it was made, since a link, unlike a file's content, comes to the disk with its
 * name. It goes when the file system was synced, a little later and once for many copies: nobody
 * waits for that, and a container that was gone before cost no writing. A link of another boot says
 * that the machine went down in between: then the copy is made anew.
 */
final class Unsettled {
  private static final Logger LOG = Logger.getLogger(Unsettled.class.getName());
  private static final String MARK = "unsettled";

  private final Duration delay;
  private final String boot;
  private final Set<String> ids = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Thread waiting;
  private boolean closed;

  Unsettled(Duration delay, String boot) {
    this.delay = delay;
    this.boot = boot;
  }

  static Unsettled ofThisBoot(Duration delay) {
    return new Unsettled(delay, BootId.current().value());
  }

  /** Looks for those of an engine before this one. */
  boolean find(SnapshotFolders folders) {
    for (DirEntry entry : folders.folder().list()) {
      if (!entry.name().startsWith(".") && boot.equals(mark(folders, entry.name()).orElse(""))) {
        ids.add(entry.name());
      }
    }
    return !ids.isEmpty();
  }

  /** Marks a snapshot that is being made. */
  void mark(Dir snapshot) {
    if (snapshot.statIfExists(MARK).isEmpty()) {
      snapshot.symlink(boot, MARK);
    }
  }

  /** It was made, and is there under its id. */
  void made(String id) {
    ids.add(id);
  }

  /** Whether it was made before the machine went down, and its files can't be relied on. */
  boolean lost(SnapshotFolders folders, String id) {
    Optional<String> mark = mark(folders, id);
    return mark.isPresent() && !mark.get().equals(boot);
  }

  private static Optional<String> mark(SnapshotFolders folders, String id) {
    try (Dir snapshot = folders.folder().enter(id)) {
      return snapshot.statIfExists(MARK).isPresent()
          ? Optional.of(snapshot.readlink(MARK))
          : Optional.empty();
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** It is on the disk, or gone. */
  void settled(SnapshotFolders folders, String id) {
    ids.remove(id);
    unmark(folders, id);
  }

  static void unmark(SnapshotFolders folders, String id) {
    try (Dir snapshot = folders.folder().enter(id)) {
      if (snapshot.statIfExists(MARK).map(s -> s.type() == FileType.SYMLINK).orElse(false)) {
        snapshot.unlink(MARK);
      }
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR)) {
        throw e;
      }
    }
  }

  void forget(String id) {
    ids.remove(id);
  }

  /** Runs work a little later, unless it is going to be run anyway. */
  void settleLater(Runnable work) {
    lock.lock();
    try {
      if (waiting == null && !closed) {
        waiting =
            Thread.ofVirtual()
                .name("felucca-native-settle")
                .start(
                    () -> {
                      try {
                        Thread.sleep(delay);
                      } catch (InterruptedException e) {
                        return;
                      }
                      lock.lock();
                      try {
                        waiting = null;
                      } finally {
                        lock.unlock();
                      }
                      work.run();
                    });
      }
    } finally {
      lock.unlock();
    }
  }

  /** Brings all that are marked now to the disk. */
  void settle(SnapshotFolders folders) {
    List<String> now = List.copyOf(ids);
    if (now.isEmpty()) {
      return;
    }
    try {
      FileData.syncFileSystem(folders.folder().descriptor());
      for (String id : now) {
        settled(folders, id);
      }
    } catch (LinuxException e) {
      LOG.log(Level.FINE, "copies not settled, the next engine does it count=" + now.size(), e);
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      if (waiting != null) {
        waiting.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }
}
