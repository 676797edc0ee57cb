package org.felucca.linux;

/**
 * A mount that is nowhere yet: made, then given its attributes, then attached to its target, so
 * that nobody ever sees it half-made. Unless attached it vanishes with {@link #close}. Needs Linux
 * 5.12. Calls hold the carrier thread.
 */
public final class DetachedMount implements AutoCloseable {
  private static final long OPEN_TREE_CLONE = 1;
  private static final long OPEN_TREE_CLOEXEC = OpenFlags.O_CLOEXEC;
  private static final long MOVE_MOUNT_F_EMPTY_PATH = 0x04;
  private static final long MOVE_MOUNT_T_SYMLINKS = 0x10;

  private final Descriptor tree;

  DetachedMount(Descriptor tree) {
    this.tree = tree;
  }

  /**
   * A bind mount of a file or folder.
   *
   * @param path trusted, links are followed; may be {@link Descriptor#procPath}
   * @param recursive with all that is mounted below it
   */
  public static DetachedMount bind(String path, boolean recursive) {
    byte[] bytes = FileNames.terminated(path);
    long flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? Libc.AT_RECURSIVE : 0);
    return new DetachedMount(
        Descriptor.opened(
            Kernel.call(
                "open_tree",
                path,
                () -> Libc.syscall(Libc.SYS_OPEN_TREE, Libc.AT_FDCWD, bytes, flags)),
            OpenFlags.O_PATH));
  }

  /** Its root, an O_PATH descriptor owned by this object. */
  public Descriptor descriptor() {
    return tree;
  }

  /**
   * Changes attributes.
   *
   * @param set of {@link MountAttributes}
   * @param clear likewise
   * @param recursive on every mount of the tree: all are changed or none
   */
  public void setAttributes(long set, long clear, boolean recursive) {
    setAttributes(tree, new long[] {set, clear, 0, 0}, recursive);
  }

  /**
   * Shows owners translated by a user namespace (an idmapped mount); only once and before {@link
   * #attach}.
   *
   * @param userNamespace /proc/PID/ns/user, opened
   * @throws LinuxException EINVAL if the file system can't
   */
  public void mapIds(Descriptor userNamespace, boolean recursive) {
    userNamespace.call(
        "mount_setattr",
        null,
        fd -> {
          setAttributes(tree, new long[] {MountAttributes.IDMAP, 0, 0, fd}, recursive);
          return 0;
        });
  }

  /**
   * Puts it on a target, on top of what is mounted there.
   *
   * @param target trusted, links are followed; may be {@link Descriptor#procPath}
   */
  public void attach(String target) {
    byte[] bytes = FileNames.terminated(target);
    tree.call(
        "move_mount",
        target,
        fd ->
            Libc.syscall(
                Libc.SYS_MOVE_MOUNT,
                fd,
                Descriptor.EMPTY,
                Libc.AT_FDCWD,
                bytes,
                MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS));
  }

  @Override
  public void close() {
    tree.close();
  }

  static void setAttributes(Descriptor mount, long[] attributes, boolean recursive) {
    long flags = Libc.AT_EMPTY_PATH | (recursive ? Libc.AT_RECURSIVE : 0);
    mount.call(
        "mount_setattr",
        null,
        fd ->
            Libc.syscall(
                Libc.SYS_MOUNT_SETATTR,
                fd,
                Descriptor.EMPTY,
                flags,
                attributes,
                attributes.length * 8L));
  }
}
