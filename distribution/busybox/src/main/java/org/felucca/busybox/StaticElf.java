package org.felucca.busybox;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tells whether a program needs a dynamic linker; elf(5). */
final class StaticElf {
  private static final int PROGRAM_INTERPRETER = 3;

  private StaticElf() {}

  /** Whether it is a 64-bit little-endian ELF program without an interpreter. */
  static boolean is(byte[] program) {
    ByteBuffer elf = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    if (program.length < 64 || elf.getInt(0) != 0x464c457f || elf.get(4) != 2 || elf.get(5) != 1) {
      return false;
    }
    long table = elf.getLong(32);
    int entry = Short.toUnsignedInt(elf.getShort(54));
    int entries = Short.toUnsignedInt(elf.getShort(56));
    if (entry < 4 || table < 0 || table + (long) entry * entries > program.length) {
      return false;
    }
    for (int i = 0; i < entries; i++) {
      if (elf.getInt((int) table + i * entry) == PROGRAM_INTERPRETER) {
        return false;
      }
    }
    return true;
  }
}
