package org.felucca.api.spec;

import java.util.List;
import org.felucca.api.container.DeviceOptions.Counted;

/**
 * What of this machine a spec depends on.
 *
 * @param cgroupV2 whether it has cgroup v2 alone
 * @param capabilities what the engine itself may ever have, and so can give, a bit each
 * @param devices the nodes that the container gets, looked up; unmodifiable
 * @param rates the limits of disks, looked up; unmodifiable
 */
public record SpecHost(
    boolean cgroupV2, long capabilities, List<DeviceNode> devices, List<DiskRate> rates) {
  /**
   * A device node.
   *
   * @param path where the container sees it, absolute
   * @param block whether it is a block device, else a character device
   * @param major its major number
   * @param minor its minor number
   * @param permissions its permission bits
   * @param uid its owner
   * @param gid its group
   * @param access what may be done with it: of {@code r}, {@code w} and {@code m}
   */
  public record DeviceNode(
      String path,
      boolean block,
      int major,
      int minor,
      int permissions,
      long uid,
      long gid,
      String access) {}

  /**
   * A limit of one disk.
   *
   * @param counted what is limited
   * @param major the disk's major number
   * @param minor the disk's minor number
   * @param most how many a second
   */
  public record DiskRate(Counted counted, int major, int minor, long most) {}

  /** Copies the lists. */
  public SpecHost {
    devices = List.copyOf(devices);
    rates = List.copyOf(rates);
  }

  /** An engine with every capability; no devices. */
  public static SpecHost plain(boolean cgroupV2) {
    return new SpecHost(cgroupV2, -1L, List.of(), List.of());
  }
}
