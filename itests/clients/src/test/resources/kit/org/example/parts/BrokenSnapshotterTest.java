package org.example.parts;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.snapshot.SnapshotRef;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.SnapshotterContract;

/** Writes into the parent, keeps what it should sweep, and takes any text for an id. */
public class BrokenSnapshotterTest extends SnapshotterContract {
  @Override
  protected Snapshotter open(Path top) {
    return new CopySnapshotter(top.resolve("example")) {
      @Override
      public List<Mount> mounts(SnapshotRef snapshot) {
        if (snapshot.ancestors().isEmpty()) {
          return super.mounts(snapshot);
        }
        String parent = path(snapshot.ancestors().getFirst()).toString();
        return List.of(new Mount("bind", parent, "", List.of("rw", "rbind")));
      }

      @Override
      public int sweep(Set<String> live) {
        return 0;
      }

      @Override
      public void remove(String id) {
        if (id.matches("[A-Za-z0-9]+")) {
          super.remove(id);
        }
      }
    };
  }

  @Override
  protected void close(Snapshotter opened) {}
}
