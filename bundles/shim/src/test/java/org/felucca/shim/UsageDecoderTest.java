package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.task.TaskUsage;
import org.felucca.shim.wire.cgroups.v1.BlkIOEntry;
import org.felucca.shim.wire.cgroups.v1.BlkIOStat;
import org.felucca.shim.wire.cgroups.v1.CPUStat;
import org.felucca.shim.wire.cgroups.v1.CPUUsage;
import org.felucca.shim.wire.cgroups.v1.MemoryEntry;
import org.felucca.shim.wire.cgroups.v1.NetworkStat;
import org.felucca.shim.wire.cgroups.v1.Throttle;
import org.felucca.shim.wire.cgroups.v2.IOEntry;
import org.felucca.shim.wire.cgroups.v2.IOStat;
import org.junit.jupiter.api.Test;

class UsageDecoderTest {
  private static final Instant AT = Instant.parse("2026-01-31T12:00:00Z");

  /** What memory.limit_in_bytes of version 1 holds without a limit. */
  private static final long V1_NO_LIMIT = 9223372036854771712L;

  private static TypedBytes typed(com.google.protobuf.Message message) {
    return new TypedBytes(message.getDescriptorForType().getFullName(), message.toByteArray());
  }

  @Test
  void decode_version1_readsWhatTheFilesSaid() {
    // cpuacct.usage, cpuacct.stat, cpu.stat, memory.usage_in_bytes, memory.stat, blkio.*, pids.* of
    // a container that was limited to 256 MiB.
    var metrics =
        org.felucca.shim.wire.cgroups.v1.Metrics.newBuilder()
            .setCpu(
                CPUStat.newBuilder()
                    .setUsage(
                        CPUUsage.newBuilder()
                            .setTotal(5_123_456_789L)
                            .setUser(4_000_000_000L)
                            .setKernel(1_100_000_000L))
                    .setThrottling(Throttle.newBuilder().setThrottledTime(77_000_000)))
            .setMemory(
                org.felucca.shim.wire.cgroups.v1.MemoryStat.newBuilder()
                    .setTotalInactiveFile(6_000_000)
                    .setUsage(MemoryEntry.newBuilder().setUsage(20_971_520).setLimit(268_435_456)))
            .setBlkio(
                BlkIOStat.newBuilder()
                    .addIoServiceBytesRecursive(
                        BlkIOEntry.newBuilder().setOp("Read").setMajor(254).setValue(4096))
                    .addIoServiceBytesRecursive(
                        BlkIOEntry.newBuilder().setOp("Write").setMajor(254).setValue(8192))
                    .addIoServiceBytesRecursive(
                        BlkIOEntry.newBuilder().setOp("Read").setMajor(7).setValue(1000))
                    .addIoServiceBytesRecursive(
                        BlkIOEntry.newBuilder().setOp("Total").setMajor(254).setValue(12_288)))
            .setPids(
                org.felucca.shim.wire.cgroups.v1.PidsStat.newBuilder().setCurrent(3).setLimit(50))
            .addNetwork(NetworkStat.newBuilder().setName("lo").setRxBytes(99).setTxBytes(99))
            .addNetwork(NetworkStat.newBuilder().setName("eth0").setRxBytes(11).setTxBytes(22))
            .build();
    assertEquals(
        new TaskUsage(
            AT,
            5_123_456_789L,
            4_000_000_000L,
            1_100_000_000L,
            77_000_000,
            14_971_520,
            268_435_456,
            5096,
            8192,
            3,
            50,
            11,
            22),
        UsageDecoder.decode(typed(metrics), AT));
  }

  @Test
  void decode_version1WithoutLimits_saysSo() {
    var metrics =
        org.felucca.shim.wire.cgroups.v1.Metrics.newBuilder()
            .setMemory(
                org.felucca.shim.wire.cgroups.v1.MemoryStat.newBuilder()
                    .setTotalInactiveFile(500)
                    .setUsage(MemoryEntry.newBuilder().setUsage(400).setLimit(V1_NO_LIMIT)))
            .build();
    TaskUsage usage = UsageDecoder.decode(typed(metrics), AT);
    assertEquals(Long.MAX_VALUE, usage.memoryLimit());
    assertEquals(Long.MAX_VALUE, usage.processLimit());
    assertEquals(400, usage.memory());
  }

  @Test
  void decode_version2_readsWhatTheFilesSaid() {
    // cpu.stat, memory.current, memory.max, memory.stat, io.stat and pids.*: a limit that is "max"
    // comes as the largest unsigned number.
    var metrics =
        org.felucca.shim.wire.cgroups.v2.Metrics.newBuilder()
            .setCpu(
                org.felucca.shim.wire.cgroups.v2.CPUStat.newBuilder()
                    .setUsageUsec(1_234_567)
                    .setUserUsec(1_000_000)
                    .setSystemUsec(234_567)
                    .setThrottledUsec(5))
            .setMemory(
                org.felucca.shim.wire.cgroups.v2.MemoryStat.newBuilder()
                    .setUsage(10_000_000)
                    .setInactiveFile(4_000_000)
                    .setUsageLimit(-1))
            .setIo(
                IOStat.newBuilder()
                    .addUsage(
                        IOEntry.newBuilder()
                            .setMajor(254)
                            .setMinor(0)
                            .setRbytes(65_536)
                            .setWbytes(4096))
                    .addUsage(IOEntry.newBuilder().setMajor(7).setMinor(1).setRbytes(512)))
            .setPids(
                org.felucca.shim.wire.cgroups.v2.PidsStat.newBuilder().setCurrent(2).setLimit(100))
            .addNetwork(
                org.felucca.shim.wire.cgroups.v2.NetworkStat.newBuilder()
                    .setName("eth0")
                    .setRxBytes(7)
                    .setTxBytes(8))
            .build();
    assertEquals(
        new TaskUsage(
            AT,
            1_234_567_000L,
            1_000_000_000L,
            234_567_000L,
            5000,
            6_000_000,
            Long.MAX_VALUE,
            66_048,
            4096,
            2,
            100,
            7,
            8),
        UsageDecoder.decode(typed(metrics), AT));
  }

  @Test
  void decode_otherType_isRefusedByName() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> UsageDecoder.decode(new TypedBytes("some.other/Figures", new byte[0]), AT));
    assertEquals(ErrorKind.UNIMPLEMENTED, e.kind());
  }
}
