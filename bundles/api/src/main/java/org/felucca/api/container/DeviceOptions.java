package org.felucca.api.container;

import java.nio.file.Path;
import java.util.List;

/**
 * Devices that a container may use beyond /dev/null and its like.
 *
 * @param devices nodes of this machine that it sees; unmodifiable
 * @param rules what it may do with nodes that it has or makes; unmodifiable
 * @param rates how fast it may read and write disks; unmodifiable
 */
public record DeviceOptions(List<Device> devices, List<Rule> rules, List<Rate> rates) {
  /** None. */
  public static final DeviceOptions NONE = new DeviceOptions(List.of(), List.of(), List.of());

  /**
   * A node of this machine.
   *
   * @param source the node, or a folder of nodes; absolute
   * @param destination where the container sees it, absolute
   * @param access what it may do: of {@code r}, {@code w} and {@code m}
   */
  public record Device(Path source, String destination, String access) {}

  /**
   * A rule of the devices cgroup.
   *
   * @param type {@code c}, {@code b} or {@code a} for both
   * @param major the major number; -1 for any
   * @param minor the minor number; -1 for any
   * @param access of {@code r}, {@code w} and {@code m}
   */
  public record Rule(String type, long major, long minor, String access) {}

  /** What a rate counts, each second. */
  public enum Counted {
    /** Bytes that are read. */
    READ_BYTES("--device-read-bps"),
    /** Bytes that are written. */
    WRITTEN_BYTES("--device-write-bps"),
    /** Reads. */
    READS("--device-read-iops"),
    /** Writes. */
    WRITES("--device-write-iops");

    private final String option;

    Counted(String option) {
      this.option = option;
    }

    /** The option that says it, for messages. */
    public String option() {
      return option;
    }
  }

  /**
   * A limit of one disk.
   *
   * @param disk its node on this machine, absolute
   * @param counted what is limited
   * @param most how many a second, more than 0
   */
  public record Rate(Path disk, Counted counted, long most) {}

  /** Copies the collections. */
  public DeviceOptions {
    devices = List.copyOf(devices);
    rules = List.copyOf(rules);
    rates = List.copyOf(rates);
  }
}
