package org.felucca.engine;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.Resources;
import org.felucca.linux.Cgroups;
import org.jspecify.annotations.Nullable;

/**
 * Which limits this machine can set: those of the cgroup controllers that are there, within what it
 * has.
 *
 * @param controllers the controllers of either version; {@code io} is called {@code blkio}
 * @param unified whether they are those of version 2
 * @param swap whether swap can be limited
 * @param weights who can set weights on disks
 * @param processors those that are online
 * @param nodes memory nodes that are online
 */
record HostLimits(
    Set<String> controllers,
    boolean unified,
    boolean swap,
    Weights weights,
    BitSet processors,
    BitSet nodes) {
  /** Who can set weights on disks. */
  enum Weights {
    /** Every runtime. */
    ALL,
    /** Those that know the scheduler BFQ by its own files, on version 1; crun does not. */
    BFQ,
    /** None: there is no scheduler that knows weights. */
    NONE
  }

  private static final long LEAST_MEMORY = 6L << 20;
  private static final long LEAST_QUOTA = 1000;
  private static final long LONGEST_PERIOD = 1_000_000;
  private static final long USUAL_PERIOD = 100_000;
  private static final int MOST_NUMBERS = 4096;

  /** PID_MAX_LIMIT of 64-bit kernels (linux/threads.h). */
  private static final long MOST_PIDS = 4_194_304;

  /** Looks at the machine; processors come and go. */
  static HostLimits detect() {
    Cgroups cgroups = Cgroups.detect();
    boolean unified = cgroups.mode() == Cgroups.Mode.UNIFIED;
    Set<String> controllers = new HashSet<>();
    boolean swap = false;
    Weights weights = unified ? Weights.ALL : Weights.NONE;
    for (Cgroups.Hierarchy hierarchy : cgroups.hierarchies()) {
      Path mount = Path.of(hierarchy.mountPoint());
      if (hierarchy.unified()) {
        if (unified) {
          for (String name : read(mount.resolve("cgroup.controllers")).split(" ", -1)) {
            controllers.add(name.equals("io") ? "blkio" : name);
          }
          // The root of version 2 has no limits of its own to look for.
          swap = Files.exists(Path.of("/proc/swaps"));
        }
        continue;
      }
      controllers.addAll(hierarchy.controllers());
      if (hierarchy.controllers().contains("memory")) {
        swap = Files.exists(mount.resolve("memory.memsw.limit_in_bytes"));
      }
      if (hierarchy.controllers().contains("blkio")) {
        weights = weights(mount);
      }
    }
    return new HostLimits(
        Set.copyOf(controllers),
        unified,
        swap,
        weights,
        numbers("", read(Path.of("/sys/devices/system/cpu/online"))),
        numbers("", memoryNodes()));
  }

  private static String memoryNodes() {
    String online = read(Path.of("/sys/devices/system/node/online"));
    return online.isEmpty() ? "0" : online;
  }

  private static Weights weights(Path mount) {
    if (Files.exists(mount.resolve("blkio.weight"))) {
      return Weights.ALL;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(mount, "blkio.bfq.*")) {
      return files.iterator().hasNext() ? Weights.BFQ : Weights.NONE;
    } catch (IOException e) {
      return Weights.NONE;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Checks limits and fills in what follows from them.
   *
   * @param runtime what the runtime that will set them says of its version
   * @return with as much swap as memory if only the memory is said, as Docker has it
   * @throws EngineException INVALID_ARGUMENT for a limit that makes no sense or that this machine
   *     can't set, and which
   */
  Resources checked(Resources limits, String runtime) {
    Long swapLimit = memory(limits);
    processors(limits);
    if (limits.pids() != null) {
      needs("--pids-limit", "pids");
      if (limits.pids() < -1) {
        throw EngineException.invalid(
            "--pids-limit %d is out of range: give 1 or more, or -1 for no limit"
                .formatted(limits.pids()));
      }
    }
    if (limits.blkioWeight() != null) {
      int weight = limits.blkioWeight();
      if (weight < 10 || weight > 1000) {
        throw EngineException.invalid(
            "--blkio-weight %d is out of range: 10 to 1000 is allowed".formatted(weight));
      }
      needs("--blkio-weight", "blkio");
      if (weights == Weights.BFQ && runtime.startsWith("crun")) {
        throw EngineException.invalid(
            "--blkio-weight can't be set by crun here: it does not know this kernel's disk scheduler (BFQ); use --runtime runc, or leave it out");
      }
      if (weights == Weights.NONE) {
        throw EngineException.invalid(
            "--blkio-weight can't be set here: this kernel has no disk scheduler that knows weights (CFQ or BFQ); leave it out");
      }
    }
    return new Resources(
        limits.memory(),
        swapLimit,
        limits.memoryReservation(),
        limits.cpuShares(),
        limits.cpuQuota(),
        limits.cpuPeriod(),
        limits.cpusetCpus(),
        limits.cpusetMems(),
        limits.pids() != null && limits.pids() == 0 ? Long.valueOf(-1) : limits.pids(),
        limits.blkioWeight());
  }

  /**
   * Checked limits as a runtime can set them on a container that runs: crun has no word for no
   * limit of processes and of their time, so it gets what amounts to none.
   */
  Resources forUpdate(Resources checked, String runtime) {
    if (!runtime.startsWith("crun")) {
      return checked;
    }
    boolean anyNumber = checked.pids() != null && checked.pids() < 0;
    boolean anyTime = checked.cpuQuota() != null && checked.cpuQuota() < 0;
    Long everyProcessor = processors.cardinality() * LONGEST_PERIOD;
    return checked.with(
        new Resources(
            null,
            null,
            null,
            null,
            anyTime ? everyProcessor : null,
            null,
            null,
            null,
            anyNumber ? (Long) MOST_PIDS : null,
            null));
  }

  private @Nullable Long memory(Resources limits) {
    Long memory = limits.memory();
    Long swapLimit = limits.memorySwap();
    Long reservation = limits.memoryReservation();
    if (memory != null || reservation != null || swapLimit != null) {
      needs(memory != null ? "--memory" : "--memory-reservation", "memory");
    }
    if (memory != null && memory < LEAST_MEMORY) {
      throw EngineException.invalid(
          "--memory %d is too little for any program: give at least 6m".formatted(memory));
    }
    if (reservation != null && reservation < LEAST_MEMORY) {
      throw EngineException.invalid(
          "--memory-reservation %d is too little: give at least 6m".formatted(reservation));
    }
    if (reservation != null && memory != null && reservation > memory) {
      throw EngineException.invalid(
          "--memory-reservation %d is above --memory %d; give less than that"
              .formatted(reservation, memory));
    }
    if (swapLimit == null) {
      return memory != null && swap ? Long.valueOf(2 * memory) : null;
    }
    if (!swap) {
      throw EngineException.invalid(
          "--memory-swap can't be set: this kernel does not account for swap (boot it with swapaccount=1), or leave it out");
    }
    if (memory == null) {
      throw EngineException.invalid("--memory-swap needs --memory beside it; give both");
    }
    if (swapLimit == 0) {
      return 2 * memory;
    }
    if (swapLimit < -1 || (swapLimit >= 0 && swapLimit < memory)) {
      throw EngineException.invalid(
          "--memory-swap %d is below --memory %d: it counts memory and swap together; give more, or -1 for as much as there is"
              .formatted(swapLimit, memory));
    }
    return swapLimit;
  }

  private void processors(Resources limits) {
    if (limits.cpuShares() != null) {
      needs("--cpu-shares", "cpu");
      if (limits.cpuShares() < 2 || limits.cpuShares() > 262_144) {
        throw EngineException.invalid(
            "--cpu-shares %d is out of range: 2 to 262144 is allowed, 1024 is usual"
                .formatted(limits.cpuShares()));
      }
    }
    Long period = limits.cpuPeriod();
    if (period != null) {
      needs("--cpu-period", "cpu");
      if (period < LEAST_QUOTA || period > LONGEST_PERIOD) {
        throw EngineException.invalid(
            "--cpu-period %d is out of range: 1000 to 1000000 microseconds are allowed"
                .formatted(period));
      }
    }
    Long quota = limits.cpuQuota();
    if (quota != null) {
      needs("--cpu-quota", "cpu");
      if (quota != -1 && quota < LEAST_QUOTA) {
        throw EngineException.invalid(
            "--cpus or --cpu-quota: %d microseconds are too little; give at least 1000 (--cpus 0.01), or -1 for no limit"
                .formatted(quota));
      }
      long most = processors.cardinality() * (period == null ? USUAL_PERIOD : period);
      if (quota > most) {
        throw EngineException.invalid(
            "--cpus or --cpu-quota: that is more than the %d processors that this machine has; give at most --cpus %d, which is --cpu-quota %d"
                .formatted(processors.cardinality(), processors.cardinality(), most));
      }
    }
    set("--cpuset-cpus", limits.cpusetCpus(), processors, "processors");
    set("--cpuset-mems", limits.cpusetMems(), nodes, "memory nodes");
  }

  private void set(String option, @Nullable String text, BitSet there, String what) {
    if (text == null) {
      return;
    }
    needs(option, "cpuset");
    BitSet wanted = numbers(option, text);
    BitSet missing = (BitSet) wanted.clone();
    missing.andNot(there);
    if (!missing.isEmpty()) {
      throw EngineException.invalid(
          "%s %s: this machine has the %s %s only".formatted(option, text, what, there));
    }
  }

  /** Refuses an option whose controller is not there. */
  void needs(String option, String controller) {
    if (!controllers.contains(controller)) {
      throw EngineException.invalid(
          "%s can't be set: the cgroup controller %s of version %s is not there; mount it, or leave the option out"
              .formatted(
                  option,
                  unified && controller.equals("blkio") ? "io" : controller,
                  unified ? "2" : "1"));
    }
  }

  /** Reads {@code 0-2,4}. */
  static BitSet numbers(String option, String text) {
    BitSet numbers = new BitSet();
    for (String part : text.split(",", -1)) {
      if (!part.matches("[0-9]{1,4}(-[0-9]{1,4})?")) {
        throw EngineException.invalid(
            "%s %s is not understood: write it as 0-2,4"
                .formatted(option, Identifiers.quote(text)));
      }
      int dash = part.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? part : part.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(part.substring(dash + 1));
      if (first > last || last >= MOST_NUMBERS) {
        throw EngineException.invalid(
            "%s %s is not understood: %s counts backwards or too far"
                .formatted(option, Identifiers.quote(text), part));
      }
      numbers.set(first, last + 1);
    }
    return numbers;
  }
}
