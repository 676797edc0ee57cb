package org.felucca.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;

/**
 * Subvolumes and snapshots of btrfs (linux/btrfs.h, linux/btrfs_tree.h). Names are single ones in
 * an open folder. To make and to delete one takes a commit of the file system, that is
 * milliseconds, and holds the carrier thread meanwhile.
 */
public final class Subvolumes {
  private static final long CREATE = 0x50009418L;
  private static final long SNAPSHOT = 0x50009417L;
  private static final long DESTROY = 0x5000940FL;
  private static final long GET_FLAGS = 0x80089419L;
  private static final long SET_FLAGS = 0x4008941AL;
  private static final long INO_LOOKUP = 0xD0009412L;
  private static final long TREE_SEARCH = 0xC0709411L;

  // struct btrfs_ioctl_vol_args_v2: fd 8, transid 8, flags 8, unused 32, name 4040
  private static final int ARGUMENTS = 4096;
  private static final int NAME_V2 = 56;
  private static final int NAME_V1 = 8;
  private static final long RDONLY = 2;

  /** The inode of a subvolume's root, and the first of any tree. */
  private static final long FIRST_INODE = 256;

  private static final long ROOT_TREE = 1;
  private static final int INODE_ITEM = 1;
  private static final int EXTENT_DATA = 108;
  private static final int ROOT_ITEM = 132;
  // struct btrfs_root_item: the transaction in which it was made
  private static final int ROOT_OTRANSID = 303;

  private Subvolumes() {}

  /** Makes an empty subvolume. */
  public static void create(Dir folder, String name) {
    folder
        .descriptor()
        .call("ioctl SUBVOL_CREATE", name, fd -> Libc.ioctl(fd, CREATE, arguments(name, 0, 0)));
  }

  /** Makes a writable snapshot of a subvolume; subvolumes within it are empty folders there. */
  public static void snapshot(Dir subvolume, Dir folder, String name) {
    folder
        .descriptor()
        .call(
            "ioctl SNAP_CREATE",
            name,
            fd ->
                subvolume
                    .descriptor()
                    .call(
                        "ioctl SNAP_CREATE",
                        null,
                        source -> Libc.ioctl(fd, SNAPSHOT, arguments(name, source, 0))));
  }

  /** Whether an open folder is the root of a subvolume. */
  public static boolean isSubvolume(Dir folder) {
    return folder.stat().inode() == FIRST_INODE
        && FileSystemInfo.of(folder.descriptor()).magic() == FileSystemInfo.BTRFS;
  }

  /** Whether a subvolume can be written to. */
  public static boolean isReadOnly(Dir subvolume) {
    return (flags(subvolume) & RDONLY) != 0;
  }

  /** Lets a subvolume be written to, or not; EROFS or ETXTBSY while it is being written. */
  public static void setReadOnly(Dir subvolume, boolean readOnly) {
    long flags = flags(subvolume);
    long wanted = readOnly ? flags | RDONLY : flags & ~RDONLY;
    if (flags != wanted) {
      byte[] bytes = new byte[8];
      fields(bytes).putLong(0, wanted);
      subvolume
          .descriptor()
          .call("ioctl SUBVOL_SETFLAGS", null, fd -> Libc.ioctl(fd, SET_FLAGS, bytes));
    }
  }

  private static long flags(Dir subvolume) {
    byte[] bytes = new byte[8];
    subvolume
        .descriptor()
        .call("ioctl SUBVOL_GETFLAGS", null, fd -> Libc.ioctl(fd, GET_FLAGS, bytes));
    return fields(bytes).getLong(0);
  }

  /**
   * Deletes a subvolume and those within it, at any depth. Its blocks are freed in the background.
   *
   * @param check run before each file of a subvolume that has others within it, to give up by
   *     throwing
   * @return false if there is nothing of that name
   */
  public static boolean delete(Dir folder, String name, Runnable check) {
    try {
      destroy(folder, name);
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      } else if (!e.is(Errno.ENOTEMPTY)) {
        throw e;
      }
    }
    try (Dir subvolume = folder.enter(name)) {
      setReadOnly(subvolume, false);
      TreeWalk.walk(subvolume, new Nested(check));
    }
    destroy(folder, name);
    return true;
  }

  private static void destroy(Dir folder, String name) {
    byte[] arguments = new byte[ARGUMENTS];
    putName(arguments, NAME_V1, name);
    folder.descriptor().call("ioctl SNAP_DESTROY", name, fd -> Libc.ioctl(fd, DESTROY, arguments));
  }

  /** Deletes the subvolumes within one, the inner ones first. */
  private record Nested(Runnable check) implements TreeWalk.Visitor {
    @Override
    public void file(Dir parent, String name) {
      check.run();
    }

    @Override
    public void enter(Dir folder, String name) {
      if (!name.isEmpty() && isSubvolume(folder)) {
        setReadOnly(folder, false);
      }
    }

    @Override
    public void leave(Dir parent, String name) {
      if (parent.stat(name).inode() == FIRST_INODE) {
        destroy(parent, name);
      }
    }

    @Override
    public void failed(LinuxException e) {
      throw e;
    }
  }

  /**
   * What a subvolume holds that the one which it was made a snapshot of did not. What is written
   * and not yet on the disk is not seen: sync the file system first.
   *
   * @param ofAll whether to count everything, as for one that is no snapshot
   */
  public static DiskUsage own(Dir subvolume, boolean ofAll) {
    long id = treeId(subvolume);
    long since = ofAll ? 0 : madeIn(subvolume, id);
    Own own = new Own(since);
    search(subvolume, id, FIRST_INODE, -1L, since + 1, own::item);
    return new DiskUsage(own.bytes, own.inodes, own.length);
  }

  private static final class Own {
    private final long since;
    private final Set<Long> extents = new HashSet<>();
    private long bytes;
    private long inodes;
    private long length;

    Own(long since) {
      this.since = since;
    }

    void item(int type, ByteBuffer item, int at) {
      if (item.getLong(at) <= since) {
        return; // a neighbour of what is new; both kinds begin with their transaction
      }
      if (type == INODE_ITEM) {
        inodes++;
        boolean regular = (item.getInt(at + 52) & 0170000) == FileType.REGULAR.bits();
        length += regular ? item.getLong(at + 16) : 0;
      } else if (type == EXTENT_DATA) {
        boolean inline = item.get(at + 20) == 0;
        if (inline) {
          bytes += item.getLong(at + 8);
        } else {
          long address = item.getLong(at + 21);
          bytes += address != 0 && extents.add(address) ? item.getLong(at + 29) : 0;
        }
      }
    }
  }

  private static long treeId(Dir subvolume) {
    byte[] bytes = new byte[ARGUMENTS];
    fields(bytes).putLong(8, FIRST_INODE);
    subvolume.descriptor().call("ioctl INO_LOOKUP", null, fd -> Libc.ioctl(fd, INO_LOOKUP, bytes));
    return fields(bytes).getLong(0);
  }

  private static long madeIn(Dir subvolume, long id) {
    long[] made = new long[1];
    search(
        subvolume,
        ROOT_TREE,
        id,
        id,
        0,
        (type, item, at) -> {
          if (type == ROOT_ITEM) {
            made[0] = item.getLong(at + ROOT_OTRANSID);
          }
        });
    return made[0];
  }

  /** An item of a tree: its type, and where it begins. */
  private interface Visitor {
    void item(int type, ByteBuffer item, int at);
  }

  private static void search(
      Dir subvolume, long tree, long first, long last, long transaction, Visitor visitor) {
    // struct btrfs_ioctl_search_args_v2: a key of 104 bytes, the buffer's size 8, the buffer
    byte[] bytes = new byte[64 * 1024];
    ByteBuffer fields = fields(bytes);
    long objectId = first;
    long offset = 0;
    int type = 0;
    while (true) {
      if (Thread.currentThread().isInterrupted()) {
        throw new LinuxException(
            "ioctl TREE_SEARCH", subvolume.toString(), Errno.EINTR, "the thread was interrupted");
      }
      fields.putLong(0, tree).putLong(8, objectId).putLong(16, last);
      fields.putLong(24, offset).putLong(32, -1L).putLong(40, transaction).putLong(48, -1L);
      fields.putInt(56, type).putInt(60, 255).putInt(64, Integer.MAX_VALUE);
      fields.putLong(104, bytes.length - 112);
      subvolume
          .descriptor()
          .call("ioctl TREE_SEARCH", null, fd -> Libc.ioctl(fd, TREE_SEARCH, bytes));
      int count = fields.getInt(64);
      if (count == 0) {
        return;
      }
      int at = 112;
      for (int i = 0; i < count; i++) {
        objectId = fields.getLong(at + 8);
        offset = fields.getLong(at + 16);
        type = fields.getInt(at + 24);
        int length = fields.getInt(at + 28);
        visitor.item(type, fields, at + 32);
        at += 32 + length;
      }
      // The next key: offset, then type, then object, each counting as one digit.
      if (++offset == 0 && ++type > 255) {
        type = 0;
        if (++objectId == 0) {
          return;
        }
      }
    }
  }

  private static byte[] arguments(String name, int source, long flags) {
    byte[] arguments = new byte[ARGUMENTS];
    fields(arguments).putLong(0, source).putLong(16, flags);
    putName(arguments, NAME_V2, name);
    return arguments;
  }

  private static void putName(byte[] arguments, int at, String name) {
    byte[] bytes = Dir.check("ioctl", name);
    if (bytes.length > 256) {
      throw new LinuxException("ioctl", FileNames.quote(name), Errno.ENAMETOOLONG, "");
    }
    System.arraycopy(bytes, 0, arguments, at, bytes.length);
  }

  private static ByteBuffer fields(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
