package org.felucca.linux;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/** Small files of the kernel's own file systems, whose size is only known by reading them. */
final class ProcFile {
  private ProcFile() {}

  static String read(String path) {
    try (Descriptor file = Descriptor.open(path, OpenFlags.O_RDONLY, 0)) {
      return read(file);
    }
  }

  static String read(Descriptor file) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    while (FileData.read(file, buffer.clear()) > 0) {
      content.write(buffer.array(), 0, buffer.position());
    }
    return FileNames.decode(content.toByteArray());
  }
}
