package org.felucca.runtime.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForeignShimsTest {
  @TempDir Path folder;
  private Path shim;
  private ForeignShims shims;

  @BeforeEach
  void installOne() throws IOException {
    shim =
        Files.writeString(folder.resolve("containerd-shim-runsc-v1"), "#!/bin/sh\n").toRealPath();
    mode(shim, "rwxr-xr-x");
    shims = new ForeignShims(List.of(folder.resolve("missing"), folder));
  }

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  @Test
  void find_byContainerdsName_looksInTheFolders() {
    assertEquals(Optional.of(shim), shims.find("io.containerd.runsc.v1"));
    assertEquals(Optional.of(shim), shims.find("example.runsc.v1"));
  }

  @Test
  void find_byPath_takesTheFile() {
    assertEquals(Optional.of(shim), shims.find(shim.toString()));
  }

  @Test
  void find_ofWhatIsNotThere_isEmpty() throws IOException {
    mode(Files.writeString(folder.resolve("containerd-shim-plain-v1"), "text"), "rw-r--r--");
    for (String name :
        List.of(
            "io.containerd.kata.v2",
            "io.containerd.plain.v1",
            folder + "/nothing",
            folder.toString(),
            "runsc",
            "runsc.v1",
            "io.containerd.../../runsc.v1",
            "io/containerd.runsc.v1",
            "",
            "/\0")) {
      assertTrue(shims.find(name).isEmpty(), name);
    }
  }

  @Test
  void find_ofAShimThatOthersMayExchange_isRefused() throws IOException {
    mode(shim, "rwxrwxrwx");
    EngineException refused =
        assertThrows(EngineException.class, () -> shims.find("io.containerd.runsc.v1"));
    assertEquals(ErrorKind.FAILED_PRECONDITION, refused.kind());
  }
}
