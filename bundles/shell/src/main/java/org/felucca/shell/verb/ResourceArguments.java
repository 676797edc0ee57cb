package org.felucca.shell.verb;

import java.math.BigDecimal;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.Resources;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much of the machine a container may use. */
final class ResourceArguments {
  private static final long USUAL_PERIOD = 100_000;

  @Option(
      names = {"-m", "--memory"},
      paramLabel = "BYTES",
      description = "memory, such as 512m")
  @Nullable String memory;

  @Option(
      names = "--memory-swap",
      paramLabel = "BYTES",
      description = "memory and swap together; -1 for as much swap as there is")
  @Nullable String memorySwap;

  @Option(
      names = "--memory-reservation",
      paramLabel = "BYTES",
      description = "what it keeps when memory is short")
  @Nullable String memoryReservation;

  @Option(names = "--cpus", paramLabel = "NUMBER", description = "processors, such as 1.5")
  @Nullable String cpus;

  @Option(
      names = {"-c", "--cpu-shares"},
      paramLabel = "WEIGHT",
      description = "weight against other containers (1024 is usual)")
  @Nullable Long cpuShares;

  @Option(
      names = "--cpu-quota",
      paramLabel = "MICROSECONDS",
      description = "processor time in each period")
  @Nullable Long cpuQuota;

  @Option(
      names = "--cpu-period",
      paramLabel = "MICROSECONDS",
      description = "the period (100000 is usual)")
  @Nullable Long cpuPeriod;

  @Option(
      names = "--cpuset-cpus",
      paramLabel = "LIST",
      description = "the processors that it may run on, such as 0-2,4")
  @Nullable String cpusetCpus;

  @Option(
      names = "--cpuset-mems",
      paramLabel = "LIST",
      description = "the memory nodes that it may use")
  @Nullable String cpusetMems;

  @Option(
      names = "--pids-limit",
      paramLabel = "NUMBER",
      description = "processes and threads; -1 for any number")
  @Nullable Long pids;

  @Option(
      names = "--blkio-weight",
      paramLabel = "WEIGHT",
      description = "weight against others on disks, 10 to 1000")
  @Nullable Integer blkioWeight;

  Resources options() {
    Long quota = cpuQuota;
    Long period = cpuPeriod;
    if (cpus != null) {
      if (cpuQuota != null || cpuPeriod != null) {
        throw EngineException.invalid(
            "--cpus says the same as --cpu-quota and --cpu-period; give the one or the others");
      }
      quota = quota(cpus);
      period = USUAL_PERIOD;
    }
    return new Resources(
        bytes("--memory", memory),
        bytes("--memory-swap", memorySwap),
        bytes("--memory-reservation", memoryReservation),
        cpuShares,
        quota,
        period,
        cpusetCpus,
        cpusetMems,
        pids,
        blkioWeight);
  }

  private static @Nullable Long bytes(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    return text.strip().equals("-1")
        ? Long.valueOf(-1)
        : Long.valueOf(ByteSize.parse(option, text));
  }

  private static long quota(String text) {
    if (!text.matches("[0-9]{0,6}(\\.[0-9]{0,9})?") || text.replace(".", "").isEmpty()) {
      throw EngineException.invalid(
          "--cpus %s is not a number such as 1.5".formatted(Identifiers.quote(text)));
    }
    return new BigDecimal("0" + text + (text.endsWith(".") ? "0" : ""))
        .multiply(BigDecimal.valueOf(USUAL_PERIOD))
        .longValue();
  }
}
