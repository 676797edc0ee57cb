package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorHandOverTest {
  @TempDir Path folder;

  private Descriptor opened() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    return Descriptor.open(file.toString(), OpenFlags.O_RDONLY, 0);
  }

  @Test
  void duplicateOf_openNumber_outlivesIt() throws IOException {
    Descriptor first = opened();
    try (Descriptor second = Descriptor.duplicateOf(first.number())) {
      first.close();
      assertEquals(folder.resolve("file").toString(), second.toString());
    }
  }

  @Test
  void duplicateOf_closedNumber_isRefused() {
    assertThrows(LinuxException.class, () -> Descriptor.duplicateOf(1 << 20));
  }

  @Test
  void detach_open_leavesTheNumberOpenToItsNewOwner() throws IOException {
    Descriptor descriptor = opened();
    int number = descriptor.detach();
    assertTrue(descriptor.isClosed());
    Path entry = Path.of("/proc/self/fd/" + number);
    assertEquals(folder.resolve("file"), Files.readSymbolicLink(entry));
    assertThrows(IllegalStateException.class, descriptor::detach);
    Libc.close(number);
  }
}
