package org.felucca.snapshot.overlay;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.linux.Dir;
import org.felucca.linux.FileData;
import org.felucca.linux.LinuxException;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Snapshots on overlayfs (kernel documentation, filesystems/overlayfs.rst). Mounts read as
 * containerd's snapshotter of the same name makes them, since clients look into the options.
 */
@Component(property = Snapshotter.NAME + "=overlayfs")
public final class OverlaySnapshotter implements Snapshotter {
  private static final Logger LOG = Logger.getLogger(OverlaySnapshotter.class.getName());
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{1,64}");

  private final SnapshotFolders folders;
  private final Workers workers = new Workers("felucca-overlay");
  private final Supplier<OverlaySupport> support;

  /** Works below the engine's root. */
  @Activate
  public OverlaySnapshotter(BundleContext context) {
    this(Path.of(context.getProperty("felucca.root")).resolve("snapshots/overlayfs"));
  }

  /** Works in a folder, which is made if it is missing. */
  OverlaySnapshotter(Path folder) {
    if (folder.toString().chars().anyMatch(c -> c == ',' || c == ':' || c == '\\')) {
      throw EngineException.invalid(
          "the folder %s can't hold overlay snapshots: mount options give ',', ':' and '\\' a meaning; choose another root"
              .formatted(folder));
    }
    try {
      folders = SnapshotFolders.open(folder.toAbsolutePath().normalize());
    } catch (LinuxException e) {
      throw Failures.of("open the snapshot folder " + folder, e);
    } catch (IOException e) {
      throw EngineException.internal("make the snapshot folder " + folder + ": " + e, e);
    }
    support = workers.start(() -> check(folders));
  }

  private static OverlaySupport check(SnapshotFolders folders) {
    OverlaySupport support = OverlaySupport.of(folders);
    if (!support.refusal().isEmpty()) {
      LOG.log(
          Level.WARNING,
          "overlayfs can not be used folder={0} reason={1}",
          new Object[] {folders.path(), support.refusal()});
    }
    return support;
  }

  /** Ends the threads; mounts stay. */
  @Deactivate
  void close() {
    workers.close();
    folders.close();
  }

  private OverlaySupport support() {
    OverlaySupport found = support.get();
    if (!found.refusal().isEmpty()) {
      throw EngineException.precondition(
          "overlayfs can not be used in %s: %s; move the engine's root to ext4 or xfs, or choose another snapshotter"
              .formatted(folders.path(), found.refusal()));
    }
    return found;
  }

  @Override
  public void prepare(SnapshotRef snapshot) {
    check(snapshot);
    workers.run(
        "prepare snapshot " + snapshot.id(),
        () -> {
          support();
          snapshot.ancestors().forEach(folders::check);
          folders.make(
              snapshot.id(),
              snapshot.kind() == SnapshotKind.ACTIVE,
              snapshot.ancestors().stream().findFirst());
          return Optional.empty();
        });
  }

  @Override
  public List<Mount> mounts(SnapshotRef snapshot) {
    check(snapshot);
    return workers.run(
        "mount snapshot " + snapshot.id(),
        () -> {
          folders.check(snapshot.id());
          snapshot.ancestors().forEach(folders::check);
          return List.of(mount(snapshot));
        });
  }

  private Mount mount(SnapshotRef snapshot) {
    List<String> lowers = new ArrayList<>();
    if (snapshot.kind() == SnapshotKind.COMMITTED || snapshot.ancestors().isEmpty()) {
      lowers.add(folders.files(snapshot.id()));
    }
    snapshot.ancestors().forEach(id -> lowers.add(folders.files(id)));
    boolean writable = snapshot.kind() == SnapshotKind.ACTIVE;
    if (lowers.size() == 1 && (!writable || snapshot.ancestors().isEmpty())) {
      return new Mount("bind", lowers.getFirst(), "", List.of(writable ? "rw" : "ro", "rbind"));
    }
    List<String> options = new ArrayList<>(support().options());
    if (writable) {
      options.add("workdir=" + folders.work(snapshot.id()));
      options.add("upperdir=" + folders.files(snapshot.id()));
    }
    options.add("lowerdir=" + String.join(":", lowers));
    return new Mount("overlay", "overlay", "", options);
  }

  @Override
  public SnapshotUsage commit(SnapshotRef snapshot) {
    check(snapshot);
    return workers.run(
        "commit snapshot " + snapshot.id(),
        () -> {
          try (Dir files = folders.openFiles(snapshot.id())) {
            // One pass over the file system: with many files far cheaper than fsync of each.
            FileData.syncFileSystem(files.descriptor());
            return DiskUsage.of(files);
          }
        });
  }

  @Override
  public void remove(String id) {
    check(id);
    workers.run(
        "remove snapshot " + id,
        () -> {
          folders.remove(id);
          return Optional.empty();
        });
  }

  @Override
  public SnapshotUsage usage(SnapshotRef snapshot) {
    check(snapshot);
    return workers.run(
        "count snapshot " + snapshot.id(),
        () -> {
          try (Dir files = folders.openFiles(snapshot.id())) {
            return DiskUsage.of(files);
          }
        });
  }

  @Override
  public int sweep(Set<String> live) {
    Set<String> kept = Set.copyOf(live);
    return workers.run(
        "sweep " + folders.path(),
        () -> {
          var _ = support.get(); // its folder must be gone or it would be swept away below it
          return folders.sweep(kept);
        });
  }

  @Override
  public boolean rebases() {
    // Layers are unpacked over the merged tree, so what a layer's folder holds depends on what is
    // below it.
    return false;
  }

  private static void check(SnapshotRef snapshot) {
    check(snapshot.id());
    snapshot.ancestors().forEach(OverlaySnapshotter::check);
  }

  private static void check(String id) {
    if (!ID.matcher(id).matches()) {
      throw EngineException.invalid(
          "snapshot id %s is not made of letters and digits".formatted(id));
    }
  }
}
