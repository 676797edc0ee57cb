package org.felucca.snapshot.base;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.DiskUsage;
import org.felucca.linux.LinuxException;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;

/**
 * A snapshotter with one folder for each snapshot. Here ids are checked, work is done on threads
 * that may wait for the disk, and the folder is opened when it is first needed; what to make and
 * how to mount it is the subclass's. Its methods run on those threads.
 */
public abstract class FolderSnapshotter implements Snapshotter {
  private static final Logger LOG = Logger.getLogger(FolderSnapshotter.class.getName());
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{1,64}");

  private final String name;
  private final Path path;
  private final Workers workers;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable SnapshotFolders folders;
  private @Nullable String refusal;

  /**
   * Touches nothing yet.
   *
   * @param name under which it is published
   * @param path its folder, made when the first snapshot is
   */
  protected FolderSnapshotter(String name, Path path) {
    this.name = name;
    this.path = path.toAbsolutePath().normalize();
    this.workers = new Workers("felucca-" + name);
  }

  /** The folder of a snapshotter below the engine's root. */
  protected static Path below(BundleContext context, String name) {
    return Path.of(context.getProperty("felucca.root")).resolve("snapshots").resolve(name);
  }

  /** Why it can't be used, found out by trying, or an empty text. */
  protected abstract String probe(SnapshotFolders opened);

  /** What else to suggest to those who are refused. */
  protected abstract String advice();

  /** Makes a snapshot's files, or what of them is missing; its ancestors are there. */
  protected abstract void make(SnapshotRef snapshot, SnapshotFolders opened);

  /** How to mount it; its files and those of its ancestors are there. */
  protected abstract List<Mount> mount(SnapshotRef snapshot, SnapshotFolders opened);

  /** Finishes it: when this returns, its files are on the disk. */
  protected abstract SnapshotUsage freeze(SnapshotRef snapshot, SnapshotFolders opened);

  /** Counts it. */
  protected abstract SnapshotUsage count(SnapshotRef snapshot, SnapshotFolders opened);

  /** Called once when the folder was opened, before anything else. */
  protected void opened(SnapshotFolders opened) {}

  /** Deletes one name in the folder, by default as it is. */
  protected boolean discard(String name, SnapshotFolders opened) {
    return opened.discardOther(name);
  }

  /** Does something later that nobody waits for. */
  protected final void later(Runnable work) {
    workers.start(work);
  }

  /** Tries it out now, so that the first snapshot need not wait for that. */
  protected final void probeLater() {
    later(
        () -> {
          try {
            refusalOf();
          } catch (EngineException | LinuxException e) {
            LOG.log(Level.WARNING, "snapshotter not tried name=" + name, e);
          }
        });
  }

  /** The usage of a tree. */
  protected static SnapshotUsage usageOf(DiskUsage usage) {
    return new SnapshotUsage(usage.inodes(), usage.bytes());
  }

  /** The name under which it is published. */
  protected final String name() {
    return name;
  }

  /** Ends the threads; mounts of others stay. */
  protected void close() {
    workers.close();
    lock.lock();
    try {
      if (folders != null) {
        folders.close();
        folders = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private SnapshotFolders open() {
    lock.lock();
    try {
      SnapshotFolders found = folders;
      if (found == null) {
        found = SnapshotFolders.open(path);
        folders = found;
        opened(found);
      }
      return found;
    } catch (IOException e) {
      throw EngineException.internal("make the snapshot folder " + path + ": " + e, e);
    } finally {
      lock.unlock();
    }
  }

  private String refusalOf() {
    lock.lock();
    try {
      String found = refusal;
      if (found == null) {
        found = probe(open());
        refusal = found;
        if (!found.isEmpty()) {
          LOG.log(
              Level.INFO,
              "snapshotter can not be used name={0} folder={1} reason={2}",
              new Object[] {name, path, found});
        }
      }
      return found;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public final String refusal() {
    return workers.run("try snapshotter " + name, this::refusalOf);
  }

  private <T> T run(String attempted, Function<SnapshotFolders, T> work) {
    return workers.run(attempted, () -> work.apply(open()));
  }

  @Override
  public final List<Mount> prepare(SnapshotRef snapshot) {
    check(snapshot);
    return run(
        "prepare snapshot " + snapshot.id(),
        opened -> {
          String refused = refusalOf();
          if (!refused.isEmpty()) {
            throw EngineException.precondition(
                "snapshotter %s can't be used in %s: %s; %s"
                    .formatted(name, path, refused, advice()));
          }
          snapshot.ancestors().forEach(opened::check);
          make(snapshot, opened);
          return mount(snapshot, opened);
        });
  }

  @Override
  public final List<Mount> mounts(SnapshotRef snapshot) {
    check(snapshot);
    return run(
        "mount snapshot " + snapshot.id(),
        opened -> {
          opened.check(snapshot.id());
          snapshot.ancestors().forEach(opened::check);
          refusalOf(); // what is found out by trying may be needed; what exists is mounted anyway
          return mount(snapshot, opened);
        });
  }

  @Override
  public final SnapshotUsage commit(SnapshotRef snapshot) {
    check(snapshot);
    return run(
        "commit snapshot " + snapshot.id(),
        opened -> {
          opened.check(snapshot.id());
          return freeze(snapshot, opened);
        });
  }

  @Override
  public final void remove(String id) {
    check(id);
    run("remove snapshot " + id, opened -> discard(id, opened));
  }

  @Override
  public final SnapshotUsage usage(SnapshotRef snapshot) {
    check(snapshot);
    return run(
        "count snapshot " + snapshot.id(),
        opened -> {
          opened.check(snapshot.id());
          return count(snapshot, opened);
        });
  }

  @Override
  public final int sweep(Set<String> live) {
    Set<String> kept = Set.copyOf(live);
    return run(
        "sweep " + path,
        opened -> {
          lock.lock(); // no trial may be under way: what it made would be swept away below it
          try {
            return (int)
                opened.others(kept).stream().filter(other -> discard(other, opened)).count();
          } finally {
            lock.unlock();
          }
        });
  }

  @Override
  public boolean rebases() {
    // Layers are laid out over the merged tree, so what a snapshot holds depends on what is below.
    return false;
  }

  private static void check(SnapshotRef snapshot) {
    check(snapshot.id());
    snapshot.ancestors().forEach(FolderSnapshotter::check);
  }

  private static void check(String id) {
    if (!ID.matcher(id).matches()) {
      throw EngineException.invalid(
          "snapshot id %s is not made of letters and digits".formatted(id));
    }
  }
}
