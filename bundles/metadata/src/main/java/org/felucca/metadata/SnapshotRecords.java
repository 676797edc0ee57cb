package org.felucca.metadata;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.api.snapshot.SnapshotterInfo;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The records of snapshots.
 *
 * <p>A new one is recorded as being made, its files are made, and it is recorded as ready. What a
 * crash leaves between is rolled back at the next start: the record goes, and its files with the
 * sweep that comes before a snapshotter's first use. A removal takes the record first. A commit
 * changes the record when the files are on the disk. So every record that is ready has files.
 */
@Component(service = {SnapshotService.class, SnapshotRecords.class})
public final class SnapshotRecords implements SnapshotService {

  private static final Logger LOG = Logger.getLogger(SnapshotRecords.class.getName());

  private final Database database;
  private final Snapshotters snapshotters;
  private final SnapshotChanges changes;
  private final Deletions deletions = new Deletions();

  /** For each id, since a snapshotter is called for one id by one thread only. */
  private final KeyedLocks<String> locks = new KeyedLocks<>();

  @Activate
  public SnapshotRecords(@Reference Database database, @Reference Snapshotters snapshotters) {
    this.database = database;
    this.snapshotters = snapshotters;
    this.changes = new SnapshotChanges(database);
  }

  @Deactivate
  void stop() {
    deletions.stop();
  }

  @Override
  public List<String> snapshotters() {
    return snapshotters.names();
  }

  @Override
  public SnapshotterInfo snapshotter(String snapshotter) {
    return new SnapshotterInfo(
        snapshotter, snapshotters.use(snapshotter, files -> files.refusal()));
  }

  @Override
  public List<Mount> prepare(
      Scope scope,
      String snapshotter,
      String key,
      @Nullable String parent,
      Map<String, String> labels) {
    return make(scope, snapshotter, key, parent, labels, SnapshotKind.ACTIVE);
  }

  @Override
  public List<Mount> view(
      Scope scope,
      String snapshotter,
      String key,
      @Nullable String parent,
      Map<String, String> labels) {
    return make(scope, snapshotter, key, parent, labels, SnapshotKind.VIEW);
  }

  private List<Mount> make(
      Scope scope,
      String snapshotter,
      String key,
      @Nullable String parent,
      Map<String, String> given,
      SnapshotKind kind) {
    if (key.isEmpty()) {
      throw EngineException.invalid("a snapshot must have a key");
    }
    Map<String, String> labels = Labels.checked(given);
    return snapshotters.use(
        snapshotter,
        files -> {
          long number = database.newId();
          try (KeyedLocks.Held _ = locks.lock(SnapshotRow.id(number))) {
            SnapshotRef ref = changes.begin(scope, snapshotter, number, key, parent, labels, kind);
            List<Mount> mounts;
            try {
              mounts = files.prepare(ref);
            } catch (RuntimeException e) {
              throw failed(scope, snapshotter, number, labels, files, e);
            }
            changes.finish(scope, snapshotter, number, key, parent, labels, kind);
            return mounts;
          }
        });
  }

  /** Undoes a creation that failed, or takes over what a remote snapshotter has found. */
  private RuntimeException failed(
      Scope scope,
      String snapshotter,
      long number,
      Map<String, String> labels,
      Snapshotter files,
      RuntimeException failure) {
    String target = labels.get(SnapshotRow.REF_LABEL);
    if (target != null
        && failure instanceof EngineException e
        && e.kind() == ErrorKind.ALREADY_EXISTS
        && changes.takeOver(scope, snapshotter, number, target)) {
      return EngineException.alreadyExists(
          "snapshot %s of %s exists already in namespace %s"
              .formatted(Identifiers.quote(target), snapshotter, scope.namespace()));
    }
    try {
      database.writeAlways(
          scope.durability(),
          t -> {
            SnapshotChanges.drop(t, number);
            return true;
          });
      files.remove(SnapshotRow.id(number));
    } catch (RuntimeException second) {
      failure.addSuppressed(second);
    }
    return failure;
  }

  /** Does something with a snapshot's files while nobody else does. */
  private <T> T with(
      Scope scope, String snapshotter, String key, BiFunction<Snapshotter, Found, T> body) {
    return snapshotters.use(
        snapshotter,
        files -> {
          while (true) {
            long ended = database.ended();
            Found found = find(scope, snapshotter, key);
            long number = found.row().number();
            try (KeyedLocks.Held _ = locks.lock(SnapshotRow.id(number))) {
              // It may have been removed, committed or even made anew while the lock was waited
              // for.
              Found now = database.isStillAt(ended) ? found : find(scope, snapshotter, key);
              if (now.row().number() == number) {
                return body.apply(files, now);
              }
            }
          }
        });
  }

  private record Found(SnapshotRow row, SnapshotRef ref) {}

  private Found find(Scope scope, String snapshotter, String key) {
    return database.read(
        sql -> {
          SnapshotRow row = SnapshotRow.required(sql, scope.namespace(), snapshotter, key);
          return new Found(row, row.ref(sql));
        });
  }

  @Override
  public List<Mount> mounts(Scope scope, String snapshotter, String key) {
    return with(
        scope,
        snapshotter,
        key,
        (files, found) -> {
          if (found.ref().kind() == SnapshotKind.COMMITTED) {
            throw EngineException.precondition(
                "snapshot %s is committed and can't be mounted itself; prepare or view one over it"
                    .formatted(Identifiers.quote(key)));
          }
          return files.mounts(found.ref());
        });
  }

  @Override
  public void commit(
      Scope scope, String snapshotter, String name, String key, Map<String, String> given) {
    if (name.isEmpty()) {
      throw EngineException.invalid("a committed snapshot must have a name");
    }
    Map<String, String> labels = Labels.checked(given);
    boolean made =
        with(
            scope,
            snapshotter,
            key,
            (files, found) -> {
              if (found.ref().kind() != SnapshotKind.ACTIVE) {
                throw EngineException.precondition(
                    "snapshot %s can't be committed: it is not active"
                        .formatted(Identifiers.quote(key)));
              }
              if (changes.nameTaken(scope, snapshotter, name)) {
                return false;
              }
              SnapshotRef ref = database.read(sql -> found.row().ref(sql, labels));
              SnapshotUsage usage = files.commit(ref);
              return changes.recordCommit(scope, snapshotter, found.row(), name, labels, usage);
            });
    if (!made) {
      throw EngineException.alreadyExists(
          "snapshot %s of %s exists already in namespace %s"
              .formatted(Identifiers.quote(name), snapshotter, scope.namespace()));
    }
  }

  @Override
  public void remove(Scope scope, String snapshotter, String key) {
    snapshotters.require(snapshotter);
    long number = changes.remove(scope, snapshotter, key);
    if (scope.durability() == Durability.POWER_LOSS) {
      deleteFiles(snapshotter, number);
    } else {
      deletions.later(() -> deleteFiles(snapshotter, number));
    }
  }

  private static void deleteFiles(Snapshotter files, String snapshotter, long number) {
    try {
      files.remove(SnapshotRow.id(number));
    } catch (RuntimeException e) {
      LOG.log(
          Level.WARNING,
          "snapshot files not deleted snapshotter="
              + snapshotter
              + " id="
              + number
              + " next=the next sweep",
          e);
    }
  }

  /** Waits until the files of what was removed until now are deleted. */
  void awaitDeletions() throws InterruptedException {
    deletions.await();
  }

  /** Deletes the files of a snapshot whose record is gone. */
  void deleteFiles(String snapshotter, long number) {
    try {
      snapshotters.use(
          snapshotter,
          files -> {
            try (KeyedLocks.Held _ = locks.lockAlways(SnapshotRow.id(number))) {
              deleteFiles(files, snapshotter, number);
              return true;
            }
          });
    } catch (EngineException e) {
      // Its snapshotter is away: the sweep at its return finds them.
      LOG.log(
          Level.INFO,
          "snapshot files left snapshotter={0} id={1} reason={2}",
          new Object[] {snapshotter, SnapshotRow.id(number), e.getMessage()});
    }
  }

  @Override
  public SnapshotInfo stat(Scope scope, String snapshotter, String key) {
    snapshotters.require(snapshotter);
    return find(scope, snapshotter, key).row().info();
  }

  @Override
  public SnapshotInfo update(
      Scope scope, String snapshotter, String key, Map<String, String> labels, Set<String> paths) {
    snapshotters.require(snapshotter);
    return database.write(
        scope.durability(),
        t -> {
          SnapshotRow before = SnapshotRow.required(t.sql(), scope.namespace(), snapshotter, key);
          SnapshotRow after =
              before.with(
                  Labels.changed("snapshot " + key, before.info().labels(), labels, paths),
                  Instant.now());
          t.sql()
              .update(
                  "UPDATE snapshots SET labels = ?, updated = ? WHERE id = ?",
                  Columns.write(after.info().labels()),
                  Columns.write(after.info().updatedAt()),
                  after.number());
          t.labelled("snapshot " + key, after.info().labels());
          return after.info();
        });
  }

  @Override
  public List<SnapshotInfo> list(Scope scope, String snapshotter, List<String> filters) {
    snapshotters.require(snapshotter);
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                SnapshotRow.COLUMNS + " AND s.ready = 1 ORDER BY s.name",
                row -> {
                  SnapshotInfo info = SnapshotRow.read(row).info();
                  return filter.test(SnapshotRow.fields(info)) ? info : null;
                },
                scope.namespace(),
                snapshotter));
  }

  @Override
  public SnapshotUsage usage(Scope scope, String snapshotter, String key) {
    snapshotters.require(snapshotter);
    Found found = find(scope, snapshotter, key);
    if (found.ref().kind() == SnapshotKind.COMMITTED) {
      return found.row().usage();
    }
    return with(
        scope,
        snapshotter,
        key,
        (files, now) -> {
          SnapshotUsage usage = files.usage(now.ref());
          changes.recordUsage(now.row().number(), usage);
          return usage;
        });
  }

  @Override
  public Map<String, SnapshotUsage> recordedUsage(Scope scope, String snapshotter) {
    snapshotters.require(snapshotter);
    return database
        .read(
            sql ->
                sql.all(
                    "SELECT name, inodes, bytes FROM snapshots"
                        + " WHERE namespace = ? AND snapshotter = ? AND ready = 1",
                    row ->
                        Map.entry(
                            row.getString(1), new SnapshotUsage(row.getLong(2), row.getLong(3))),
                    scope.namespace(),
                    snapshotter))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  @Override
  public void cleanup(String snapshotter) {
    snapshotters.cleanup(snapshotter);
  }
}
