package org.felucca.spec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Programs of one system call for x86_64, whose exit status is its error number, or 0. */
final class SyscallProgram {
  private static final long BASE = 0x40_0000;
  private static final int HEADERS = 120;

  private SyscallProgram() {}

  /** A program that makes a call of the 64-bit interface. */
  static void write(Path file, int number, long... arguments) throws IOException {
    ByteBuffer code = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    code.put((byte) 0xb8).putInt(number);
    int[] loads = {0x48bf, 0x48be, 0x48ba, 0x49ba};
    for (int i = 0; i < loads.length; i++) {
      code.put((byte) (loads[i] >> 8)).put((byte) loads[i]);
      code.putLong(i < arguments.length ? arguments[i] : 0);
    }
    code.putShort((short) 0x050f);
    finish(file, code);
  }

  /** A program that makes a call of the 32-bit interface. */
  static void write32(Path file, int number, int first, int second) throws IOException {
    ByteBuffer code = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    code.put((byte) 0xb8).putInt(number);
    code.put((byte) 0xbb).putInt(first);
    code.put((byte) 0xb9).putInt(second);
    code.putShort((short) 0x80cd);
    code.putShort((short) 0x9848); // sign-extend the result
    finish(file, code);
  }

  private static void finish(Path file, ByteBuffer code) throws IOException {
    code.put(
        new byte[] {
          0x31,
          (byte) 0xff, // exit status 0
          0x48,
          (byte) 0x85,
          (byte) 0xc0,
          0x79,
          0x04, // unless the result is negative:
          (byte) 0xf7,
          (byte) 0xd8,
          (byte) 0x89,
          (byte) 0xc7, // then its opposite
          (byte) 0xb8,
          0x3c,
          0,
          0,
          0,
          0x0f,
          0x05 // exit
        });
    int size = HEADERS + code.position();
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    elf.putShort((short) 2).putShort((short) 62).putInt(1);
    elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0);
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    elf.putInt(1).putInt(5).putLong(0).putLong(BASE).putLong(BASE);
    elf.putLong(size).putLong(size).putLong(0x1000);
    elf.put(code.flip());
    Files.write(file, elf.array());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
