package org.example.parts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotKind;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.api.snapshot.Snapshotter;
import org.osgi.framework.BundleContext;

/** A snapshotter by cp(1) that knows nothing of Felucca but its contracts. */
public class CopySnapshotter implements Snapshotter {
  private final Path top;

  /** For the component: below the engine's root. */
  public CopySnapshotter(BundleContext context) {
    this(Path.of(context.getProperty("felucca.root"), "snapshots", "example"));
  }

  public CopySnapshotter(Path top) {
    this.top = top;
  }

  @Override
  public String refusal() {
    return "";
  }

  @Override
  public List<Mount> prepare(SnapshotRef snapshot) {
    check(snapshot);
    snapshot.ancestors().forEach(this::require);
    Path files = path(snapshot.id());
    if (Files.exists(files)) {
      return mounts(snapshot);
    }
    Path coming = path("." + snapshot.id());
    delete(coming);
    try {
      Files.createDirectories(
          top, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.createDirectory(coming);
      Files.setPosixFilePermissions(coming, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!snapshot.ancestors().isEmpty() && snapshot.kind() == SnapshotKind.ACTIVE) {
      run("cp", "-a", path(snapshot.ancestors().getFirst()) + "/.", coming + "/");
      run("sync", "-f", coming.toString());
    }
    run("mv", "-T", coming.toString(), files.toString());
    return mounts(snapshot);
  }

  @Override
  public List<Mount> mounts(SnapshotRef snapshot) {
    check(snapshot);
    require(snapshot.id());
    snapshot.ancestors().forEach(this::require);
    boolean view = snapshot.kind() == SnapshotKind.VIEW && !snapshot.ancestors().isEmpty();
    String shown = view ? snapshot.ancestors().getFirst() : snapshot.id();
    String mode = snapshot.kind() == SnapshotKind.ACTIVE ? "rw" : "ro";
    return List.of(new Mount("bind", path(shown).toString(), "", List.of(mode, "rbind")));
  }

  @Override
  public SnapshotUsage commit(SnapshotRef snapshot) {
    check(snapshot);
    require(snapshot.id());
    run("sync", "-f", path(snapshot.id()).toString());
    return usage(snapshot);
  }

  @Override
  public void remove(String id) {
    check(id);
    delete(path(id));
  }

  @Override
  public SnapshotUsage usage(SnapshotRef snapshot) {
    check(snapshot);
    require(snapshot.id());
    long inodes = 0;
    long bytes = 0;
    Set<Object> seen = new HashSet<>();
    try (Stream<Path> files = Files.walk(path(snapshot.id()))) {
      for (Path file : files.toList()) {
        if (seen.add(Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS))) {
          inodes++;
          bytes += Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) : 0;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new SnapshotUsage(inodes, bytes);
  }

  @Override
  public int sweep(Set<String> live) {
    int swept = 0;
    if (Files.exists(top)) {
      try (Stream<Path> files = Files.list(top)) {
        for (Path file : files.toList()) {
          if (!live.contains(file.getFileName().toString())) {
            delete(file);
            swept++;
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return swept;
  }

  @Override
  public boolean rebases() {
    return false;
  }

  protected final Path path(String id) {
    return top.resolve(id);
  }

  private void require(String id) {
    if (!Files.isDirectory(path(id))) {
      throw EngineException.notFound("there are no files of snapshot " + id);
    }
  }

  private static void check(SnapshotRef snapshot) {
    check(snapshot.id());
    snapshot.ancestors().forEach(CopySnapshotter::check);
  }

  private static void check(String id) {
    if (!id.matches("[A-Za-z0-9]+")) {
      throw EngineException.invalid("no id of a snapshot: " + id);
    }
  }

  private static void delete(Path folder) {
    run("rm", "-rf", "--one-file-system", folder.toString());
  }

  private static void run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes());
      if (process.waitFor() != 0) {
        throw EngineException.internal(String.join(" ", command) + ": " + said, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled(command[0] + " was given up");
    }
  }
}
