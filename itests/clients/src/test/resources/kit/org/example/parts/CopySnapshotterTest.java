package org.example.parts;

import java.nio.file.Path;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.SnapshotterContract;

public class CopySnapshotterTest extends SnapshotterContract {
  @Override
  protected Snapshotter open(Path top) {
    return new CopySnapshotter(top.resolve("example"));
  }

  @Override
  protected void close(Snapshotter opened) {}

  @Override
  protected boolean sharesWithAncestors() {
    return false;
  }
}
