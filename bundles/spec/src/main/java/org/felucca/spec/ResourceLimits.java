package org.felucca.spec;

import java.util.List;
import org.felucca.api.container.Resources;
import org.felucca.api.spec.SpecHost.DiskRate;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Limits as the runtime specification writes them (config-linux.md, Control groups): in terms of
 * cgroup version 1, which runtimes translate for version 2.
 */
final class ResourceLimits {
  private ResourceLimits() {}

  /** Adds what is said to a member {@code resources}. */
  static void put(JsonObject resources, Resources limits) {
    put(resources, "memory", "limit", limits.memory());
    put(resources, "memory", "swap", limits.memorySwap());
    put(resources, "memory", "reservation", limits.memoryReservation());
    put(resources, "cpu", "shares", limits.cpuShares());
    put(resources, "cpu", "quota", limits.cpuQuota());
    put(resources, "cpu", "period", limits.cpuPeriod());
    put(resources, "cpu", "cpus", limits.cpusetCpus());
    put(resources, "cpu", "mems", limits.cpusetMems());
    put(resources, "pids", "limit", limits.pids());
    put(resources, "blockIO", "weight", limits.blkioWeight());
  }

  /**
   * Adds what is said to the member of a container that does not run yet: no limit is not written
   * down at all, for crun does not understand it.
   */
  static void putNew(JsonObject resources, Resources limits) {
    put(resources, limits);
    if (limits.pids() != null && limits.pids() < 0) {
      resources.remove("pids");
    }
    if (limits.cpuQuota() != null && limits.cpuQuota() < 0) {
      JsonObject cpu = resources.objectOrNew("cpu");
      cpu.remove("quota");
      if (cpu.names().isEmpty()) {
        resources.remove("cpu");
      }
    }
  }

  /** Adds limits of disks. */
  static void put(JsonObject resources, List<DiskRate> rates) {
    for (DiskRate rate : rates) {
      String name =
          switch (rate.counted()) {
            case READ_BYTES -> "throttleReadBpsDevice";
            case WRITTEN_BYTES -> "throttleWriteBpsDevice";
            case READS -> "throttleReadIOPSDevice";
            case WRITES -> "throttleWriteIOPSDevice";
          };
      resources
          .objectOrNew("blockIO")
          .add(
              name,
              JsonObject.create("rate")
                  .put("major", rate.major())
                  .put("minor", rate.minor())
                  .put("rate", rate.most()));
    }
  }

  private static void put(JsonObject resources, String group, String name, @Nullable Object value) {
    if (value != null) {
      resources.objectOrNew(group).put(name, value);
    }
  }
}
