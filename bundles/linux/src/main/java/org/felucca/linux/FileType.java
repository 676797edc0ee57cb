package org.felucca.linux;

/** What kind of file an inode is; the bits are those of st_mode and, shifted, of d_type. */
public enum FileType {
  FIFO(0010000),
  CHARACTER_DEVICE(0020000),
  DIRECTORY(0040000),
  BLOCK_DEVICE(0060000),
  REGULAR(0100000),
  SYMLINK(0120000),
  SOCKET(0140000),
  /** The file system does not tell in a listing (DT_UNKNOWN); never the answer of a stat. */
  UNKNOWN(0);

  private static final FileType[] BY_ENTRY_TYPE = new FileType[16];

  static {
    java.util.Arrays.fill(BY_ENTRY_TYPE, UNKNOWN);
    for (FileType type : values()) {
      BY_ENTRY_TYPE[type.bits >> 12] = type;
    }
  }

  private final int bits;

  FileType(int bits) {
    this.bits = bits;
  }

  /** The S_IFMT part of a mode. */
  public int bits() {
    return bits;
  }

  /** Whether it is a character or block device. */
  public boolean isDevice() {
    return this == CHARACTER_DEVICE || this == BLOCK_DEVICE;
  }

  /** The type in a mode's S_IFMT part. */
  public static FileType ofMode(int mode) {
    return BY_ENTRY_TYPE[mode >> 12 & 15];
  }

  static FileType ofEntryType(int type) {
    return BY_ENTRY_TYPE[type & 15];
  }
}
