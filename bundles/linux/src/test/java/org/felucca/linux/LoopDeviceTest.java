package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LoopDeviceTest {
  /** The file behind a device, empty when there is none any more. */
  private static String backing(String device) throws Exception {
    Path file = Path.of("/sys/block/" + device.substring("/dev/".length()) + "/loop/backing_file");
    return Files.exists(file) ? Files.readString(file).strip() : "";
  }

  @Test
  void of_aFile_readsAsTheFile_andGoesWithIt() throws Exception {
    try (Scratch scratch = Scratch.onTmpfs()) {
      String path = scratch.file("image", "0123456789abcdef".repeat(256));
      String device;
      try (Descriptor file = Descriptor.open(path, OpenFlags.O_RDONLY, 0);
          LoopDevice loop = LoopDevice.of(file, true)) {
        device = loop.path();
        assertEquals(path, backing(device));
        assertTrue(Files.readString(Path.of(device)).startsWith("0123456789abcdef"));
        Path readOnly = Path.of("/sys/block/" + device.substring("/dev/".length()) + "/ro");
        assertEquals("1", Files.readString(readOnly).strip());
      }
      // Whoever looks at new devices (udev) may hold it for a moment.
      long end = System.nanoTime() + 60_000_000_000L;
      while (backing(device).equals(path) && System.nanoTime() < end) {
        Thread.sleep(20);
      }
      assertFalse(backing(device).equals(path));
    }
  }

  @Test
  void fsVerity_whereThereIsNone_saysSo() {
    try (Scratch scratch = Scratch.onTmpfs()) {
      String path = scratch.file("file", "x");
      try (Descriptor file = Descriptor.open(path, OpenFlags.O_RDONLY, 0)) {
        assertFalse(FsVerity.enable(file));
      }
    }
  }
}
