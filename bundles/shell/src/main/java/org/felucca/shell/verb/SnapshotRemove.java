package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerView;
import org.felucca.api.image.MountedImage;
import org.felucca.api.snapshot.SnapshotInfo;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Removes snapshots. */
final class SnapshotRemove extends Verb {
  @Mixin SnapshotOption meant = new SnapshotOption();

  @Parameters(
      arity = "1..*",
      paramLabel = "KEY",
      description = "keys or beginnings of them; nothing may stand on them")
  List<String> keys = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    forEach(
        keys,
        key -> {
          SnapshotInfo info = meant.find(services(), scope, key);
          refuseUsed(scope, info);
          services()
              .snapshots()
              .use(
                  snapshots -> {
                    snapshots.remove(scope, info.snapshotter(), info.key());
                    return true;
                  });
          say(info.key());
        });
  }

  /** What a container or a mount is made of goes with it, and not before. */
  private void refuseUsed(Scope scope, SnapshotInfo info) {
    List<ContainerView> containers =
        services().containers().use(service -> service.list(scope, List.of()));
    for (ContainerView view : containers) {
      if (view.container().snapshotter().equals(info.snapshotter())
          && view.container().snapshotKey().equals(info.key())) {
        throw EngineException.precondition(
            "snapshot %s is the root file system of container %s; remove that by 'felucca rm %s'"
                .formatted(
                    ShortNames.of(info.key()), view.container().name(), view.container().name()));
      }
    }
    List<MountedImage> mounted = services().mounts().use(mounts -> mounts.list(scope));
    for (MountedImage one : mounted) {
      if (one.snapshotter().equals(info.snapshotter()) && one.key().equals(info.key())) {
        throw EngineException.precondition(
            "snapshot %s is mounted on %s; unmount it by 'felucca image umount %s'"
                .formatted(info.key(), one.folder(), one.folder()));
      }
    }
  }

  @Override
  protected Names names() {
    return Names.SNAPSHOTS;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca snapshot rm 2f5d1a0b77c1   # unpacked again when it is needed");
  }
}
