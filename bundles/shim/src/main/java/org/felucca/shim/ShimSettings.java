package org.felucca.shim;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where things are, and how long they may take.
 *
 * @param state the engine's state folder, absolute
 * @param root the engine's root folder, absolute
 * @param address the engine's gRPC socket, as shims are told; events come to this with {@code
 *     .ttrpc} behind
 * @param self the engine's binary, as shims are told
 * @param connect how long a shim may take to accept a connection and to answer the first call
 * @param call how long a call may take
 * @param create how long Create and Start may take, and Delete
 * @param cleanUp how long the {@code delete} command may take
 * @param end how long a shim may take to end after Shutdown
 * @param cgroup where shims are moved to, such as {@code /felucca-shims}; empty to leave them
 * @param logBytesPerSecond how much of one shim's own log is taken over; the rest is dropped
 */
public record ShimSettings(
    Path state,
    Path root,
    String address,
    String self,
    Duration connect,
    Duration call,
    Duration create,
    Duration cleanUp,
    Duration end,
    String cgroup,
    int logBytesPerSecond) {
  /** The usual times. */
  public static ShimSettings of(Path state, Path root, String address, String self) {
    return new ShimSettings(
        state,
        root,
        address,
        self,
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        Duration.ofSeconds(30),
        Duration.ofSeconds(5),
        "",
        64 * 1024);
  }

  /** Where the folders of all tasks are. */
  Path tasks() {
    return state.resolve("io.containerd.runtime.v2.task");
  }

  /** Where the work folders of all tasks are. */
  Path works() {
    return root.resolve("io.containerd.runtime.v2.task");
  }
}
