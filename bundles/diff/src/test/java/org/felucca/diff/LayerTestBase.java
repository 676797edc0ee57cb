package org.felucca.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Progress;
import org.felucca.api.diff.AppliedLayer;
import org.felucca.api.snapshot.Mount;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A service and places to lay layers out in. */
abstract class LayerTestBase {
  @TempDir Path folder;
  TarLayerService service = new TarLayerService(LayerLimits.DEFAULT);
  private final List<String> lowers = new ArrayList<>();
  private int count;

  @BeforeEach
  void makeRoot() throws Exception {
    Files.createDirectory(folder.resolve("root"));
  }

  @AfterEach
  void closeService() {
    service.close();
  }

  Path root() {
    return folder.resolve("root");
  }

  List<Mount> bind() {
    return List.of(new Mount("bind", root().toString(), "", List.of("rw", "rbind")));
  }

  /** Puts a layer into a folder of its own, over those before; returns the folder. */
  Path stack(Layer layer) throws Exception {
    List<Mount> mounts = next();
    apply(layer, mounts);
    Path changes = folder.resolve("l" + count);
    lowers.addFirst(changes.toString());
    return changes;
  }

  /** The mounts of the next layer of the stack. */
  List<Mount> next() throws Exception {
    Path upper = Files.createDirectories(folder.resolve("l" + ++count));
    if (lowers.isEmpty()) {
      return List.of(new Mount("bind", upper.toString(), "", List.of("rw", "rbind")));
    }
    Path work = Files.createDirectories(folder.resolve("w" + count));
    return List.of(
        new Mount(
            "overlay",
            "overlay",
            "",
            List.of(
                "index=off",
                "workdir=" + work,
                "upperdir=" + upper,
                "lowerdir=" + String.join(":", lowers))));
  }

  /** What the stack shows. */
  List<Mount> merged() {
    if (lowers.size() == 1) {
      return List.of(new Mount("bind", lowers.getFirst(), "", List.of("ro", "rbind")));
    }
    return List.of(
        new Mount("overlay", "overlay", "", List.of("lowerdir=" + String.join(":", lowers))));
  }

  java.util.SortedMap<String, String> dump(List<Mount> mounts, boolean folderTimes) {
    try (MountedTree tree = MountedTree.of(mounts)) {
      return TreeDump.of(tree.root(), folderTimes);
    }
  }

  AppliedLayer apply(Layer layer, List<Mount> mounts) {
    return apply(layer.bytes(), mounts);
  }

  AppliedLayer apply(byte[] layer, List<Mount> mounts) {
    return service.apply(
        new ByteArrayInputStream(layer), Layer.TAR, mounts, "layer", Progress.NONE);
  }

  EngineException assertRefused(Layer layer) {
    EngineException e = assertThrows(EngineException.class, () -> apply(layer, bind()));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind(), e.getMessage());
    return e;
  }
}
