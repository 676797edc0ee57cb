package org.felucca.api.event;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.felucca.api.TypedBytes;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.task.ProcessIo;
import org.jspecify.annotations.Nullable;

/**
 * What can happen, with the fields that containerd's events have. {@link #topic} is containerd's
 * topic.
 */
public sealed interface Event {
  /** The topic under which it is published, such as {@code /tasks/exit}. */
  String topic();

  /** A container's record was made. */
  record ContainerCreate(String id, String image, String runtime) implements Event {
    @Override
    public String topic() {
      return "/containers/create";
    }
  }

  /** A container's record changed. */
  record ContainerUpdate(String id, String image, Map<String, String> labels, String snapshotKey)
      implements Event {
    @Override
    public String topic() {
      return "/containers/update";
    }
  }

  /** A container's record was removed. */
  record ContainerDelete(String id) implements Event {
    @Override
    public String topic() {
      return "/containers/delete";
    }
  }

  /** An image was named. */
  record ImageCreate(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/images/create";
    }
  }

  /** An image's name changed. */
  record ImageUpdate(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/images/update";
    }
  }

  /** An image's name was removed. */
  record ImageDelete(String name) implements Event {
    @Override
    public String topic() {
      return "/images/delete";
    }
  }

  /** A blob was committed. */
  record ContentCreate(String digest, long size) implements Event {
    @Override
    public String topic() {
      return "/content/create";
    }
  }

  /** A blob was removed. */
  record ContentDelete(String digest) implements Event {
    @Override
    public String topic() {
      return "/content/delete";
    }
  }

  /** A snapshot was prepared. */
  record SnapshotPrepare(String key, String parent, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/prepare";
    }
  }

  /** A snapshot was committed. */
  record SnapshotCommit(String key, String name, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/commit";
    }
  }

  /** A snapshot was removed. */
  record SnapshotRemove(String key, String snapshotter) implements Event {
    @Override
    public String topic() {
      return "/snapshot/remove";
    }
  }

  /** A namespace was made. */
  record NamespaceCreate(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/namespaces/create";
    }
  }

  /** A namespace's labels changed. */
  record NamespaceUpdate(String name, Map<String, String> labels) implements Event {
    @Override
    public String topic() {
      return "/namespaces/update";
    }
  }

  /** A namespace was removed. */
  record NamespaceDelete(String name) implements Event {
    @Override
    public String topic() {
      return "/namespaces/delete";
    }
  }

  /** A task was created; the mounts are those of its root file system. */
  record TaskCreated(
      String containerId,
      String bundle,
      List<Mount> rootfs,
      ProcessIo io,
      String checkpoint,
      int pid)
      implements Event {
    /** Copies the mounts. */
    public TaskCreated {
      rootfs = List.copyOf(rootfs);
    }

    @Override
    public String topic() {
      return "/tasks/create";
    }
  }

  /** A task was started. */
  record TaskStart(String containerId, int pid) implements Event {
    @Override
    public String topic() {
      return "/tasks/start";
    }
  }

  /** A process ended; {@code id} is the container's id for its first process. */
  record TaskExit(String containerId, String id, int pid, int exitStatus, Instant exitedAt)
      implements Event {
    @Override
    public String topic() {
      return "/tasks/exit";
    }
  }

  /** A task or a further process was deleted. */
  record TaskDelete(String containerId, String id, int pid, int exitStatus, Instant exitedAt)
      implements Event {
    @Override
    public String topic() {
      return "/tasks/delete";
    }
  }

  /** The kernel killed for want of memory. */
  record TaskOom(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/oom";
    }
  }

  /** A further process was prepared. */
  record TaskExecAdded(String containerId, String execId) implements Event {
    @Override
    public String topic() {
      return "/tasks/exec-added";
    }
  }

  /** A further process was started. */
  record TaskExecStarted(String containerId, String execId, int pid) implements Event {
    @Override
    public String topic() {
      return "/tasks/exec-started";
    }
  }

  /** A task was frozen. */
  record TaskPaused(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/paused";
    }
  }

  /** A task goes on. */
  record TaskResumed(String containerId) implements Event {
    @Override
    public String topic() {
      return "/tasks/resumed";
    }
  }

  /** A checkpoint of a task was written, into a folder. */
  record TaskCheckpointed(String containerId, String checkpoint) implements Event {
    @Override
    public String topic() {
      return "/tasks/checkpointed";
    }
  }

  /** A sandbox was made. */
  record SandboxCreate(String sandboxId) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/create";
    }
  }

  /** A sandbox was started. */
  record SandboxStart(String sandboxId) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/start";
    }
  }

  /** A sandbox ended. */
  record SandboxExit(String sandboxId, int exitStatus, Instant exitedAt) implements Event {
    @Override
    public String topic() {
      return "/sandboxes/exit";
    }
  }

  /**
   * A bundle came, was replaced or went.
   *
   * @param symbolicName which bundle
   * @param change what became of it, such as {@code updated}
   * @param version its version, or both
   * @param runtime the runtime that it brings, or null
   * @param untouched how many running containers were left alone
   */
  record BundleChanged(
      String symbolicName, String change, String version, @Nullable String runtime, long untouched)
      implements Event {
    @Override
    public String topic() {
      return "/felucca/bundle";
    }
  }

  /** The health of a container changed; the status is in lower case. */
  record ContainerHealth(String containerId, String status) implements Event {
    @Override
    public String topic() {
      return "/felucca/health";
    }
  }

  /** A container was started again by its restart policy, for so many times in a row. */
  record ContainerRestart(String containerId, int restarts) implements Event {
    @Override
    public String topic() {
      return "/felucca/restart";
    }
  }

  /** Something that a shim or a client published and Felucca does not read. */
  record Foreign(String topic, TypedBytes payload) implements Event {}
}
