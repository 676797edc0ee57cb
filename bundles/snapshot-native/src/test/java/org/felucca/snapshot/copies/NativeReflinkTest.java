package org.felucca.snapshot.copies;

import java.nio.file.Path;
import java.time.Duration;
import org.felucca.api.snapshot.Snapshotter;
import org.felucca.contracts.LoopFileSystem;
import org.felucca.contracts.SnapshotterContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** On a file system with reflinks a copy takes no room. */
class NativeReflinkTest extends SnapshotterContract {
  private static LoopFileSystem btrfs;

  @BeforeAll
  static void mount() {
    btrfs = LoopFileSystem.make("btrfs", 1024);
  }

  @AfterAll
  static void unmount() {
    btrfs.close();
  }

  @Override
  protected Path place(Path temporary) {
    return btrfs.folder();
  }

  @Override
  protected Snapshotter open(Path top) {
    return new NativeSnapshotter(top, Unsettled.ofThisBoot(Duration.ofSeconds(1)));
  }

  @Override
  protected void close(Snapshotter opened) {
    ((NativeSnapshotter) opened).close();
  }
}
