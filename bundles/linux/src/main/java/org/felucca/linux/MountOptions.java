package org.felucca.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Options as mount(8) spells them, sorted into what the kernel takes in different places.
 *
 * @param flags MS_ flags of mount(2), without propagation
 * @param propagation MS_SHARED and its like, perhaps with MS_REC, each for a call of its own
 * @param recursive MOUNT_ATTR_ flags for the whole tree ({@code rro}, {@code rnosuid} ...)
 * @param recursiveCleared those to be cleared in the whole tree ({@code rrw} ...)
 * @param data what the file system itself parses, as {@code lowerdir=...}
 */
record MountOptions(
    long flags, List<Long> propagation, long recursive, long recursiveCleared, List<String> data) {
  static final long MS_RDONLY = 1;
  static final long MS_NOSUID = 2;
  static final long MS_NODEV = 4;
  static final long MS_NOEXEC = 8;
  static final long MS_SYNCHRONOUS = 16;
  static final long MS_REMOUNT = 32;
  static final long MS_MANDLOCK = 64;
  static final long MS_DIRSYNC = 128;
  static final long MS_NOSYMFOLLOW = 256;
  static final long MS_NOATIME = 1024;
  static final long MS_NODIRATIME = 2048;
  static final long MS_BIND = 4096;
  static final long MS_REC = 16384;
  static final long MS_SILENT = 32768;
  static final long MS_UNBINDABLE = 1 << 17;
  static final long MS_PRIVATE = 1 << 18;
  static final long MS_SLAVE = 1 << 19;
  static final long MS_SHARED = 1 << 20;
  static final long MS_RELATIME = 1 << 21;
  static final long MS_I_VERSION = 1 << 23;
  static final long MS_STRICTATIME = 1 << 24;
  static final long MS_LAZYTIME = 1 << 25;

  private static final Map<String, Long> SET =
      Map.ofEntries(
          Map.entry("bind", MS_BIND),
          Map.entry("rbind", MS_BIND | MS_REC),
          Map.entry("remount", MS_REMOUNT),
          Map.entry("ro", MS_RDONLY),
          Map.entry("nosuid", MS_NOSUID),
          Map.entry("nodev", MS_NODEV),
          Map.entry("noexec", MS_NOEXEC),
          Map.entry("sync", MS_SYNCHRONOUS),
          Map.entry("mand", MS_MANDLOCK),
          Map.entry("dirsync", MS_DIRSYNC),
          Map.entry("nosymfollow", MS_NOSYMFOLLOW),
          Map.entry("noatime", MS_NOATIME),
          Map.entry("nodiratime", MS_NODIRATIME),
          Map.entry("relatime", MS_RELATIME),
          Map.entry("strictatime", MS_STRICTATIME),
          Map.entry("lazytime", MS_LAZYTIME),
          Map.entry("iversion", MS_I_VERSION),
          Map.entry("silent", MS_SILENT));

  private static final Map<String, Long> CLEAR =
      Map.ofEntries(
          Map.entry("defaults", 0L),
          Map.entry("rw", MS_RDONLY),
          Map.entry("suid", MS_NOSUID),
          Map.entry("dev", MS_NODEV),
          Map.entry("exec", MS_NOEXEC),
          Map.entry("async", MS_SYNCHRONOUS),
          Map.entry("nomand", MS_MANDLOCK),
          Map.entry("symfollow", MS_NOSYMFOLLOW),
          Map.entry("atime", MS_NOATIME),
          Map.entry("diratime", MS_NODIRATIME),
          Map.entry("norelatime", MS_RELATIME),
          Map.entry("nostrictatime", MS_STRICTATIME),
          Map.entry("nolazytime", MS_LAZYTIME),
          Map.entry("noiversion", MS_I_VERSION),
          Map.entry("loud", MS_SILENT));

  private static final Map<String, Long> PROPAGATION =
      Map.of(
          "private",
          MS_PRIVATE,
          "rprivate",
          MS_PRIVATE | MS_REC,
          "shared",
          MS_SHARED,
          "rshared",
          MS_SHARED | MS_REC,
          "slave",
          MS_SLAVE,
          "rslave",
          MS_SLAVE | MS_REC,
          "unbindable",
          MS_UNBINDABLE,
          "runbindable",
          MS_UNBINDABLE | MS_REC);

  private static final Map<String, Long> RECURSIVE_SET =
      Map.of(
          "rro", MountAttributes.RDONLY,
          "rnosuid", MountAttributes.NOSUID,
          "rnodev", MountAttributes.NODEV,
          "rnoexec", MountAttributes.NOEXEC,
          "rnodiratime", MountAttributes.NODIRATIME,
          "rnosymfollow", MountAttributes.NOSYMFOLLOW);

  private static final Map<String, Long> RECURSIVE_CLEAR =
      Map.of(
          "rrw", MountAttributes.RDONLY,
          "rsuid", MountAttributes.NOSUID,
          "rdev", MountAttributes.NODEV,
          "rexec", MountAttributes.NOEXEC,
          "rdiratime", MountAttributes.NODIRATIME,
          "rsymfollow", MountAttributes.NOSYMFOLLOW);

  /** Sorts options; a later one wins over an earlier, those for user space (x-...) are dropped. */
  static MountOptions parse(List<String> options) {
    long flags = 0;
    long recursive = 0;
    long recursiveCleared = 0;
    List<Long> propagation = new ArrayList<>();
    List<String> data = new ArrayList<>();
    for (String option : options) {
      Long bits;
      if ((bits = SET.get(option)) != null) {
        flags |= bits;
      } else if ((bits = CLEAR.get(option)) != null) {
        flags &= ~bits;
      } else if ((bits = PROPAGATION.get(option)) != null) {
        propagation.add(bits);
      } else if ((bits = RECURSIVE_SET.get(option)) != null) {
        recursive |= bits;
        recursiveCleared &= ~bits;
      } else if ((bits = RECURSIVE_CLEAR.get(option)) != null) {
        recursiveCleared |= bits;
        recursive &= ~bits;
      } else if (!option.isEmpty() && !option.startsWith("x-") && !option.startsWith("X-")) {
        data.add(option);
      }
    }
    return new MountOptions(flags, propagation, recursive, recursiveCleared, data);
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }

  /** The flags that belong to the mount and not to the file system, as MOUNT_ATTR_ bits. */
  long attributes() {
    long attributes = flags & 0xF; // ro, nosuid, nodev and noexec have the same bits
    attributes |= has(MS_NOATIME) ? MountAttributes.NOATIME : 0;
    attributes |= has(MS_STRICTATIME) && !has(MS_NOATIME) ? MountAttributes.STRICTATIME : 0;
    attributes |= has(MS_NODIRATIME) ? MountAttributes.NODIRATIME : 0;
    attributes |= has(MS_NOSYMFOLLOW) ? MountAttributes.NOSYMFOLLOW : 0;
    return attributes;
  }

  /** Whether an access time rule was asked for, so that the old one has to be cleared. */
  boolean setsAccessTime() {
    return has(MS_NOATIME) || has(MS_STRICTATIME) || has(MS_RELATIME);
  }
}
