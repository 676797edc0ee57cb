package org.felucca.linux;

import java.util.List;

/**
 * One line of /proc/self/mountinfo, see proc(5), with all octal escapes decoded.
 *
 * @param id of the mount, reused after it is gone
 * @param parentId of the mount that holds its mount point
 * @param device the numbers of the file system
 * @param root the folder of the file system that is its root
 * @param mountPoint where it is, seen from this process's root
 * @param options of the mount, as {@code ro} and {@code nosuid}
 * @param propagation its optional fields, as {@code shared:12} and {@code master:3}
 * @param type of the file system, as {@code overlay}
 * @param source as the file system names it
 * @param superOptions of the file system, as {@code lowerdir=...}
 */
public record MountInfo(
    int id,
    int parentId,
    DeviceNumber device,
    String root,
    String mountPoint,
    List<String> options,
    List<String> propagation,
    String type,
    String source,
    List<String> superOptions) {
  public MountInfo {
    options = List.copyOf(options);
    propagation = List.copyOf(propagation);
    superOptions = List.copyOf(superOptions);
  }
}
