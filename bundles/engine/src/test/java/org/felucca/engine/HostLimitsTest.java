package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.Resources;
import org.junit.jupiter.api.Test;

class HostLimitsTest {
  private static final Set<String> ALL = Set.of("memory", "cpu", "cpuset", "pids", "blkio");

  private static HostLimits machine(
      Set<String> controllers, boolean unified, boolean swap, HostLimits.Weights weights) {
    BitSet processors = HostLimits.numbers("", "0-3");
    return new HostLimits(
        controllers, unified, swap, weights, processors, HostLimits.numbers("", "0"));
  }

  private static Resources checked(Resources limits) {
    return machine(ALL, false, true, HostLimits.Weights.ALL).checked(limits, "runc version 1.1.5");
  }

  private static void refused(HostLimits machine, Resources limits, String message) {
    EngineException e =
        assertThrows(EngineException.class, () -> machine.checked(limits, "crun version 1.8"));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertTrue(String.valueOf(e.getMessage()).contains(message), e.getMessage());
  }

  private static void refused(Resources limits, String message) {
    refused(machine(ALL, false, true, HostLimits.Weights.ALL), limits, message);
  }

  private static Resources memory(Long memory, Long swap, Long reservation) {
    return new Resources(memory, swap, reservation, null, null, null, null, null, null, null);
  }

  private static Resources cpu(Long shares, Long quota, Long period, String cpus, String mems) {
    return new Resources(null, null, null, shares, quota, period, cpus, mems, null, null);
  }

  private static Resources others(Long pids, Integer weight) {
    return new Resources(null, null, null, null, null, null, null, null, pids, weight);
  }

  @Test
  void forUpdate_ofCrun_saysNoLimitByGreatOnes() {
    HostLimits machine = machine(ALL, false, true, HostLimits.Weights.ALL);
    Resources none = new Resources(5L, null, null, null, -1L, null, null, null, -1L, null);
    assertEquals(none, machine.forUpdate(none, "runc version 1.1.5"));
    assertEquals(
        new Resources(5L, null, null, null, 4_000_000L, null, null, null, 4_194_304L, null),
        machine.forUpdate(none, "crun version 1.8.1"));
    Resources some = new Resources(null, null, null, null, 7L, null, null, null, 8L, null);
    assertEquals(some, machine.forUpdate(some, "crun version 1.8.1"));
  }

  @Test
  void checked_memory() {
    long m = 64L << 20;
    assertEquals(memory(m, 2 * m, null), checked(memory(m, null, null)));
    assertEquals(memory(m, 2 * m, null), checked(memory(m, 0L, null)));
    assertEquals(memory(m, -1L, m), checked(memory(m, -1L, m)));
    assertEquals(
        memory(m, null, null),
        machine(ALL, true, false, HostLimits.Weights.ALL).checked(memory(m, null, null), "runc"));
    refused(memory(1L, null, null), "--memory 1 is too little");
    refused(memory(-1L, null, null), "--memory -1");
    refused(memory(m, m - 1, null), "--memory-swap");
    refused(memory(null, m, null), "--memory-swap needs --memory");
    refused(memory(m, null, m + 1), "--memory-reservation");
    refused(
        machine(ALL, false, false, HostLimits.Weights.ALL),
        memory(m, m, null),
        "does not account for swap");
    refused(
        machine(Set.of("cpu"), true, true, HostLimits.Weights.ALL),
        memory(m, null, null),
        "controller memory of version 2 is not there");
  }

  @Test
  void checked_processors() {
    Resources good = cpu(1024L, 400_000L, 100_000L, "0-1,3", "0");
    assertEquals(good, checked(good));
    assertEquals(cpu(null, -1L, null, null, null), checked(cpu(null, -1L, null, null, null)));
    refused(cpu(1L, null, null, null, null), "--cpu-shares 1");
    refused(cpu(262_145L, null, null, null, null), "--cpu-shares 262145");
    refused(cpu(null, 400_001L, 100_000L, null, null), "more than the 4 processors");
    refused(cpu(null, 999L, null, null, null), "too little");
    refused(cpu(null, null, 999L, null, null), "--cpu-period 999");
    refused(cpu(null, null, 1_000_001L, null, null), "--cpu-period 1000001");
    refused(cpu(null, null, null, "0-4", null), "--cpuset-cpus 0-4: this machine has");
    refused(cpu(null, null, null, "2-1", null), "counts backwards");
    refused(cpu(null, null, null, "0;1", null), "not understood");
    refused(cpu(null, null, null, "", null), "not understood");
    refused(cpu(null, null, null, null, "1"), "--cpuset-mems 1");
  }

  @Test
  void checked_processesAndWeights() {
    assertEquals(others(-1L, 10), checked(others(0L, 10)));
    assertEquals(others(5L, 1000), checked(others(5L, 1000)));
    refused(others(-2L, null), "--pids-limit -2");
    refused(others(null, 9), "--blkio-weight 9");
    refused(others(null, 1001), "--blkio-weight 1001");
    refused(
        machine(ALL, false, true, HostLimits.Weights.NONE), others(null, 500), "no disk scheduler");
    refused(machine(ALL, false, true, HostLimits.Weights.BFQ), others(null, 500), "by crun here");
    assertEquals(
        others(null, 500),
        machine(ALL, false, true, HostLimits.Weights.BFQ).checked(others(null, 500), "runc 1.1"));
  }

  @Test
  void detect_ofThisMachine_takesNoLimitAtAll() {
    assertEquals(Resources.UNLIMITED, HostLimits.detect().checked(Resources.UNLIMITED, "runc"));
  }
}
