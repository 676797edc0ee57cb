package org.felucca.api.info;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.felucca.api.snapshot.SnapshotterInfo;

/**
 * The engine at a glance.
 *
 * @param version the version of the distribution
 * @param root where it keeps what survives a reboot
 * @param state where it keeps what does not
 * @param address its socket for gRPC clients
 * @param startedAt when the process started
 * @param pid its process id
 * @param kernel the kernel's release
 * @param architecture the processor
 * @param cgroups {@code v1}, {@code v2} or {@code hybrid}
 * @param defaultRuntime the runtime of containers that name none
 * @param defaultRuntimeReason why it is that one
 * @param defaultSnapshotter the snapshotter of containers that name none
 * @param snapshotters the snapshotters that are there, those that can't be used too; unmodifiable
 * @param containers how many containers the namespace has
 * @param running how many of them run
 * @param images how many image names the namespace has
 * @param warnings what an operator should look at; unmodifiable
 */
public record EngineInfo(
    String version,
    Path root,
    Path state,
    Path address,
    Instant startedAt,
    long pid,
    String kernel,
    String architecture,
    String cgroups,
    String defaultRuntime,
    String defaultRuntimeReason,
    String defaultSnapshotter,
    List<SnapshotterInfo> snapshotters,
    int containers,
    int running,
    int images,
    List<String> warnings) {
  /** Copies the collections. */
  public EngineInfo {
    snapshotters = List.copyOf(snapshotters);
    warnings = List.copyOf(warnings);
  }
}
