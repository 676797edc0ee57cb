package org.felucca.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Mounting in the way of mount(8): a type, a source, a target and a list of options. All calls hold
 * the carrier thread; with a network file system for as long as its server takes.
 */
public final class Mounts {
  /** Take it out of sight at once and let it go when nobody uses it any more. */
  public static final int MNT_DETACH = 2;

  /** Don't follow a link at the end of the target; always set by this class. */
  public static final int UMOUNT_NOFOLLOW = 8;

  private static final int CLONE_FS = 0x200;

  private Mounts() {}

  /**
   * Mounts.
   *
   * <p>{@code bind} and {@code rbind} take their other flags along in one step: a read-only bind
   * mount is never seen writable. {@code rro}, {@code rnosuid} ... change the whole tree. A
   * propagation ({@code rprivate}, {@code rslave} ...) is set last, and if that fails the mount is
   * undone. Options for user space ({@code x-...}) are dropped.
   *
   * <p>Overlay options longer than the page that mount(2) takes, as 40 layers and more make them,
   * go layer by layer (Linux 6.7), or by paths relative to the folder that holds the layers.
   *
   * @param type of the file system; {@code bind} is taken for the option of that name
   * @param source a device, a folder or just a name, as the type wants it
   * @param target trusted, links are followed; may be {@link Descriptor#procPath}
   * @param options as in mount(8) and, unparsed, those of the file system
   */
  public static void mount(String type, String source, String target, List<String> options) {
    MountOptions parsed = MountOptions.parse(options);
    boolean typedBind = type.equals("bind") || type.equals("rbind");
    if ((parsed.has(MountOptions.MS_BIND) || typedBind) && !parsed.has(MountOptions.MS_REMOUNT)) {
      boolean recursive = parsed.has(MountOptions.MS_REC) || type.equals("rbind");
      bind(source, target, parsed, recursive);
    } else {
      mountFileSystem(type, source, target, parsed);
    }
    try {
      for (long propagation : parsed.propagation()) {
        setPropagation(target, propagation);
      }
    } catch (LinuxException e) {
      if (!parsed.has(MountOptions.MS_REMOUNT)) {
        undo(target, e);
      }
      throw e;
    }
  }

  private static void bind(String source, String target, MountOptions options, boolean recursive) {
    try (DetachedMount mount = DetachedMount.bind(source, recursive)) {
      long clear = options.setsAccessTime() ? MountAttributes.ATIME_MASK : 0;
      if (options.attributes() != 0 || clear != 0) {
        mount.setAttributes(options.attributes(), clear, false);
      }
      if (options.recursive() != 0 || options.recursiveCleared() != 0) {
        mount.setAttributes(options.recursive(), options.recursiveCleared(), true);
      }
      mount.attach(target);
    }
  }

  private static void mountFileSystem(
      String type, String source, String target, MountOptions options) {
    String data = String.join(",", options.data());
    if (FileNames.encode(data).length < Machine.pageSize()) {
      classic(type, source, target, options.flags(), data);
    } else if (type.equals("overlay")) {
      mountManyLayers(source, target, options);
    } else {
      throw new LinuxException(
          "mount", target, Errno.E2BIG, "the options of a " + type + " are longer than a page");
    }
    if (options.recursive() != 0 || options.recursiveCleared() != 0) {
      try (Descriptor root = Descriptor.open(target, OpenFlags.O_PATH, 0)) {
        long[] attributes = {options.recursive(), options.recursiveCleared(), 0, 0};
        DetachedMount.setAttributes(root, attributes, true);
      } catch (LinuxException e) {
        undo(target, e);
        throw e;
      }
    }
  }

  private static void mountManyLayers(String source, String target, MountOptions options) {
    OverlayOptions layers = OverlayOptions.parse(options.data());
    try {
      mountLayerByLayer(source, target, options, layers);
    } catch (LinuxException e) {
      // EINVAL is also what a kernel before 6.7 answers to lowerdir+, ENAMETOOLONG a long path.
      if (!e.is(Errno.EINVAL) && !e.is(Errno.ENAMETOOLONG) && !e.is(Errno.ENOSYS)) {
        throw e;
      }
      try {
        mountRelative(source, target, options.flags(), layers);
      } catch (LinuxException second) {
        // An older kernel's EINVAL to the first way says nothing; what the second met is the
        // reason.
        if (!second.is(Errno.EINVAL) && !second.is(Errno.E2BIG)) {
          second.addSuppressed(e);
          throw second;
        }
        e.addSuppressed(second);
        throw e;
      }
    }
  }

  /** By fsconfig(2), with a call for each layer. */
  static void mountLayerByLayer(
      String source, String target, MountOptions options, OverlayOptions layers) {
    try (FileSystemContext context = FileSystemContext.open("overlay")) {
      context.string("source", source);
      if (options.has(MountOptions.MS_RDONLY)) {
        context.flag("ro");
      }
      for (String option : layers.others()) {
        int equals = option.indexOf('=');
        if (equals < 0) {
          context.flag(option);
        } else {
          context.string(option.substring(0, equals), option.substring(equals + 1));
        }
      }
      for (String lower : layers.lowers()) {
        addLayer(context, "lowerdir+", lower);
      }
      for (String data : layers.dataOnly()) {
        addLayer(context, "datadir+", data);
      }
      try (DetachedMount mount = context.mount(options.attributes())) {
        mount.attach(target);
      }
    }
  }

  private static void addLayer(FileSystemContext context, String key, String layer) {
    if (FileNames.encode(layer).length > FileSystemContext.MAX_VALUE) {
      throw new LinuxException(
          "fsconfig",
          key + "=" + layer,
          Errno.ENAMETOOLONG,
          "a layer's path has 255 bytes at most");
    }
    context.string(key, layer);
  }

  /**
   * By mount(2) with relative paths. The working folder belongs to the process, unless a thread
   * leaves that: so a thread of its own does this and ends.
   */
  static void mountRelative(String source, String target, long flags, OverlayOptions layers) {
    String folder = layers.commonFolder();
    String data = String.join(",", layers.relativeTo(folder));
    if (FileNames.encode(data).length >= Machine.pageSize()) {
      throw new LinuxException(
          "mount", target, Errno.E2BIG, "the layers' paths are too long for this kernel");
    }
    byte[] folderBytes = FileNames.terminated(folder);
    LinuxException[] failed = new LinuxException[1];
    inThread(
        () -> {
          try {
            Kernel.call("unshare", "CLONE_FS", () -> Libc.unshare(CLONE_FS));
            Kernel.call("chdir", folder, () -> Libc.chdir(folderBytes));
            classic("overlay", source, target, flags, data);
          } catch (LinuxException e) {
            failed[0] = e;
          }
        });
    if (failed[0] != null) {
      throw failed[0];
    }
  }

  /**
   * Runs what changes its thread for good in one that ends with it. When this returns it is done;
   * an interrupt is passed on to it, and waits here until the caller can act on it.
   */
  static void inThread(Runnable work) {
    Thread thread = Thread.ofPlatform().name("felucca-mount").start(work);
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        thread.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void classic(String type, String source, String target, long flags, String data) {
    byte[] sourceBytes = FileNames.terminated(source);
    byte[] targetBytes = FileNames.terminated(target);
    byte[] typeBytes = FileNames.terminated(type);
    byte[] dataBytes = data.isEmpty() ? null : FileNames.terminated(data);
    String what = type + " " + source + " on " + target + (data.isEmpty() ? "" : ", " + data);
    Kernel.call(
        "mount", what, () -> Libc.mount(sourceBytes, targetBytes, typeBytes, flags, dataBytes));
  }

  static void setPropagation(String target, long propagation) {
    byte[] bytes = FileNames.terminated(target);
    Kernel.call(
        "mount",
        target + ", propagation",
        () -> Libc.mount(Descriptor.EMPTY, bytes, null, propagation, null));
  }

  private static void undo(String target, LinuxException cause) {
    try {
      unmount(target, MNT_DETACH);
    } catch (LinuxException e) {
      cause.addSuppressed(e);
    }
  }

  /**
   * Changes attributes of a mount and, if {@code recursive}, of all below it: all or none.
   *
   * @param path of the mount's root
   * @param set of {@link MountAttributes}
   * @param clear likewise
   */
  public static void setAttributes(String path, long set, long clear, boolean recursive) {
    try (Descriptor root = Descriptor.open(path, OpenFlags.O_PATH, 0)) {
      DetachedMount.setAttributes(root, new long[] {set, clear, 0, 0}, recursive);
    }
  }

  /**
   * Unmounts what is on top at a target; a link there is not followed.
   *
   * @param flags 0 or {@link #MNT_DETACH}
   * @throws LinuxException EINVAL if it is no mount point, EBUSY if it is in use (without
   *     MNT_DETACH)
   */
  public static void unmount(String target, int flags) {
    byte[] bytes = FileNames.terminated(target);
    Kernel.call("umount2", target, () -> Libc.umount2(bytes, flags | UMOUNT_NOFOLLOW));
  }

  /**
   * Unmounts everything stacked at a target; nothing there, or no such file, is fine.
   *
   * @return how many mounts went
   */
  public static int unmountAll(String target, int flags) {
    for (int count = 0; ; count++) {
      try {
        unmount(target, flags);
      } catch (LinuxException e) {
        if (e.is(Errno.EINVAL) || e.is(Errno.ENOENT)) {
          return count;
        }
        throw e;
      }
    }
  }

  /**
   * Detaches every mount strictly below a folder, the latest first, and goes on past failures.
   *
   * @return the mount points that went
   * @throws LinuxException the first failure, the others as its suppressed ones
   */
  public static List<String> detachBelow(String folder) {
    List<String> gone = new ArrayList<>();
    LinuxException failed = null;
    for (MountInfo mount : MountTable.read().mountsBelow(folder)) {
      try {
        unmount(mount.mountPoint(), MNT_DETACH);
        gone.add(mount.mountPoint());
      } catch (LinuxException e) {
        if (e.is(Errno.EINVAL) || e.is(Errno.ENOENT)) {
          continue; // went together with another
        }
        if (failed == null) {
          failed = e;
        } else {
          failed.addSuppressed(e);
        }
      }
    }
    if (failed != null) {
      throw Objects.requireNonNull(failed);
    }
    return gone;
  }
}
