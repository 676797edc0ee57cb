package org.felucca.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.time.Instant;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.TypedBytes;
import org.felucca.api.task.TaskUsage;
import org.felucca.shim.wire.cgroups.v1.BlkIOEntry;
import org.felucca.shim.wire.cgroups.v2.IOEntry;

/** Reads the figures of a cgroup, of either version. */
final class UsageDecoder {
  private static final String LOOPBACK = "lo";

  /** Version 1 rounds "no limit" down to a page. */
  private static final long NO_LIMIT = Long.MAX_VALUE - (1 << 20);

  private UsageDecoder() {}

  /**
   * The figures.
   *
   * @throws EngineException UNIMPLEMENTED for another type, INTERNAL for bytes that do not parse
   */
  static TaskUsage decode(TypedBytes metrics, Instant at) {
    String url = metrics.typeUrl();
    ByteString bytes = ByteString.copyFrom(metrics.value());
    try {
      return switch (url.substring(url.lastIndexOf('/') + 1)) {
        case "io.containerd.cgroups.v1.Metrics" ->
            version1(org.felucca.shim.wire.cgroups.v1.Metrics.parseFrom(bytes), at);
        case "io.containerd.cgroups.v2.Metrics" ->
            version2(org.felucca.shim.wire.cgroups.v2.Metrics.parseFrom(bytes), at);
        default ->
            throw new EngineException(
                ErrorKind.UNIMPLEMENTED,
                "its shim reports figures of the type %s, which are not understood"
                    .formatted(Identifiers.quote(url)));
      };
    } catch (InvalidProtocolBufferException e) {
      throw EngineException.internal("the shim's figures do not parse: " + e.getMessage(), e);
    }
  }

  private static TaskUsage version1(org.felucca.shim.wire.cgroups.v1.Metrics metrics, Instant at) {
    var memory = metrics.getMemory();
    var io = metrics.getBlkio().getIoServiceBytesRecursiveList();
    long received = 0;
    long sent = 0;
    for (var network : metrics.getNetworkList()) {
      if (!network.getName().equals(LOOPBACK)) {
        received += network.getRxBytes();
        sent += network.getTxBytes();
      }
    }
    return new TaskUsage(
        at,
        metrics.getCpu().getUsage().getTotal(),
        metrics.getCpu().getUsage().getUser(),
        metrics.getCpu().getUsage().getKernel(),
        metrics.getCpu().getThrottling().getThrottledTime(),
        without(memory.getUsage().getUsage(), memory.getTotalInactiveFile()),
        limit(memory.getUsage().getLimit()),
        bytes(io, "read"),
        bytes(io, "write"),
        metrics.getPids().getCurrent(),
        limit(metrics.getPids().getLimit()),
        received,
        sent);
  }

  private static long bytes(List<BlkIOEntry> entries, String operation) {
    return entries.stream()
        .filter(entry -> entry.getOp().equalsIgnoreCase(operation))
        .mapToLong(BlkIOEntry::getValue)
        .sum();
  }

  private static TaskUsage version2(org.felucca.shim.wire.cgroups.v2.Metrics metrics, Instant at) {
    var memory = metrics.getMemory();
    List<IOEntry> io = metrics.getIo().getUsageList();
    long received = 0;
    long sent = 0;
    for (var network : metrics.getNetworkList()) {
      if (!network.getName().equals(LOOPBACK)) {
        received += network.getRxBytes();
        sent += network.getTxBytes();
      }
    }
    return new TaskUsage(
        at,
        metrics.getCpu().getUsageUsec() * 1000,
        metrics.getCpu().getUserUsec() * 1000,
        metrics.getCpu().getSystemUsec() * 1000,
        metrics.getCpu().getThrottledUsec() * 1000,
        without(memory.getUsage(), memory.getInactiveFile()),
        limit(memory.getUsageLimit()),
        io.stream().mapToLong(IOEntry::getRbytes).sum(),
        io.stream().mapToLong(IOEntry::getWbytes).sum(),
        metrics.getPids().getCurrent(),
        limit(metrics.getPids().getLimit()),
        received,
        sent);
  }

  private static long without(long usage, long inactive) {
    return inactive > usage ? usage : usage - inactive;
  }

  /** Unsigned on the wire; 0 and what is near the largest number mean that there is none. */
  private static long limit(long limit) {
    return limit <= 0 || limit >= NO_LIMIT ? Long.MAX_VALUE : limit;
  }
}
