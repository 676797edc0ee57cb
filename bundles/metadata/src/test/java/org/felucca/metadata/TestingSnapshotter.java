package org.felucca.metadata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;

/** A snapshotter whose snapshots are files with their id as the name. */
final class TestingSnapshotter implements Snapshotter {

  final Path folder;
  final List<SnapshotRef> prepared = new CopyOnWriteArrayList<>();
  final List<SnapshotRef> committed = new CopyOnWriteArrayList<>();
  volatile Consumer<SnapshotRef> onPrepare = ref -> {};
  volatile Consumer<SnapshotRef> onCommit = ref -> {};
  volatile Consumer<String> onRemove = id -> {};
  volatile int sweeps;
  volatile String refusal = "";

  TestingSnapshotter(Path folder) {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Set<String> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(f -> f.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String refusal() {
    return refusal;
  }

  @Override
  public List<Mount> prepare(SnapshotRef snapshot) {
    prepared.add(snapshot);
    try {
      Files.createFile(folder.resolve(snapshot.id()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    onPrepare.accept(snapshot);
    return mounts(snapshot);
  }

  @Override
  public List<Mount> mounts(SnapshotRef snapshot) {
    return List.of(
        new Mount("bind", folder.resolve(snapshot.id()).toString(), "", snapshot.ancestors()));
  }

  @Override
  public SnapshotUsage commit(SnapshotRef snapshot) {
    committed.add(snapshot);
    onCommit.accept(snapshot);
    return new SnapshotUsage(3, 4096);
  }

  @Override
  public void remove(String id) {
    onRemove.accept(id);
    try {
      Files.deleteIfExists(folder.resolve(id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public SnapshotUsage usage(SnapshotRef snapshot) {
    return new SnapshotUsage(1, 1);
  }

  @Override
  public int sweep(Set<String> live) {
    sweeps++;
    Set<String> dead = files();
    dead.removeAll(live);
    dead.forEach(this::remove);
    return dead.size();
  }

  @Override
  public boolean rebases() {
    return false;
  }
}
