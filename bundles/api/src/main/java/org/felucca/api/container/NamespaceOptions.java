package org.felucca.api.container;

/**
 * What a container shares with the machine or with another container (namespaces(7)).
 *
 * @param pid which processes it sees
 * @param ipc whose System V IPC, message queues and /dev/shm
 * @param uts whose host name
 * @param cgroup whose view of the cgroups
 * @param network whose network; of its own means one with nothing but a loopback interface
 * @param cgroupParent the cgroup that its own is made in; empty for the engine's
 */
public record NamespaceOptions(
    NamespaceMode pid,
    NamespaceMode ipc,
    NamespaceMode uts,
    NamespaceMode cgroup,
    NamespaceMode network,
    String cgroupParent) {
  /** Shares nothing, and leaves the cgroup namespace to the machine's set-up. */
  public static final NamespaceOptions PRIVATE =
      new NamespaceOptions(
          NamespaceMode.DEFAULT,
          NamespaceMode.DEFAULT,
          NamespaceMode.DEFAULT,
          NamespaceMode.DEFAULT,
          NamespaceMode.DEFAULT,
          "");
}
