package org.felucca.api.container;

import org.jspecify.annotations.Nullable;

/**
 * How much of the machine a container may use; the same for a container to be made and for one
 * whose limits are changed. A null says nothing: no limit for a new container, no change for an old
 * one.
 *
 * @param memory bytes of memory
 * @param memorySwap bytes of memory and swap together; -1 for as much swap as there is
 * @param memoryReservation bytes below which the kernel takes none away when memory is short
 * @param cpuShares weight against other containers, 2 to 262144; 1024 is usual
 * @param cpuQuota microseconds of processor time in each period; -1 for no limit
 * @param cpuPeriod microseconds, 1000 to 1000000
 * @param cpusetCpus processors that it may run on, {@code 0-2,4}
 * @param cpusetMems memory nodes that it may use, likewise
 * @param pids how many processes and threads; -1 for no limit
 * @param blkioWeight weight against others on disks, 10 to 1000
 */
public record Resources(
    @Nullable Long memory,
    @Nullable Long memorySwap,
    @Nullable Long memoryReservation,
    @Nullable Long cpuShares,
    @Nullable Long cpuQuota,
    @Nullable Long cpuPeriod,
    @Nullable String cpusetCpus,
    @Nullable String cpusetMems,
    @Nullable Long pids,
    @Nullable Integer blkioWeight) {
  /** Nothing is said. */
  public static final Resources UNLIMITED =
      new Resources(null, null, null, null, null, null, null, null, null, null);

  /** These, with what the other says over them. */
  public Resources with(Resources other) {
    return new Resources(
        over(memory, other.memory),
        over(memorySwap, other.memorySwap),
        over(memoryReservation, other.memoryReservation),
        over(cpuShares, other.cpuShares),
        over(cpuQuota, other.cpuQuota),
        over(cpuPeriod, other.cpuPeriod),
        over(cpusetCpus, other.cpusetCpus),
        over(cpusetMems, other.cpusetMems),
        over(pids, other.pids),
        over(blkioWeight, other.blkioWeight));
  }

  private static <T> @Nullable T over(@Nullable T mine, @Nullable T other) {
    return other == null ? mine : other;
  }
}
