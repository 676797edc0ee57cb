package org.felucca.api.task;

import java.util.List;
import org.felucca.api.TypedBytes;
import org.felucca.api.snapshot.Mount;
import org.jspecify.annotations.Nullable;

/**
 * How the task of a container is created.
 *
 * @param rootfs the mounts of its root file system; unmodifiable
 * @param io where its first process reads and writes
 * @param options options for the runtime, or null for those of the container's record
 * @param checkpoint the folder of a checkpoint to restore, or null
 * @param spec the spec to start it by, or null for that of the container's record: what a container
 *     shares with another one is known at its start only
 * @param runtime the runtime to start it with, or null for that of the container's record
 */
public record TaskCreate(
    List<Mount> rootfs,
    ProcessIo io,
    @Nullable TypedBytes options,
    @Nullable String checkpoint,
    @Nullable TypedBytes spec,
    @Nullable String runtime) {
  /** Copies the mounts. */
  public TaskCreate {
    rootfs = List.copyOf(rootfs);
  }

  /** By the spec of the container's record. */
  public TaskCreate(
      List<Mount> rootfs, ProcessIo io, @Nullable TypedBytes options, @Nullable String checkpoint) {
    this(rootfs, io, options, checkpoint, null, null);
  }
}
