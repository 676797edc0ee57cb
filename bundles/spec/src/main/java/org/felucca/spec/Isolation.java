package org.felucca.spec;

import java.util.ArrayList;
import java.util.List;
import org.felucca.oci.JsonObject;

/** What keeps a container apart from the machine: the member {@code linux} of a spec. */
final class Isolation {
  /** What tells of the machine's hardware and other processes. */
  private static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware");

  /** What would change the machine. */
  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private Isolation() {}

  static JsonObject linux(String cgroupsPath, boolean cgroupV2) {
    List<String> namespaces = new ArrayList<>(List.of("pid", "ipc", "uts", "mount", "network"));
    if (cgroupV2) {
      namespaces.add("cgroup");
    }
    return JsonObject.create("linux")
        // The network namespace is the container's own: low ports and ping need no privilege in it.
        .put(
            "sysctl",
            JsonObject.create("sysctl")
                .put("net.ipv4.ip_unprivileged_port_start", "0")
                .put("net.ipv4.ping_group_range", "0 2147483647"))
        .put("resources", JsonObject.create("resources").put("devices", devices()))
        .put("cgroupsPath", cgroupsPath)
        .put(
            "namespaces",
            namespaces.stream().map(type -> JsonObject.create("ns").put("type", type)).toList())
        .put(
            "seccomp",
            SeccompProfile.DEFAULT.json(System.getProperty("os.arch", ""), Capabilities.DEFAULT))
        .put("maskedPaths", MASKED)
        .put("readonlyPaths", READ_ONLY);
  }

  /** Nothing but what every program expects; nodes may be made of others, but not opened. */
  private static List<JsonObject> devices() {
    return List.of(
        JsonObject.create("device").put("allow", false).put("access", "rwm"),
        device("c", -1, -1, "m"),
        device("b", -1, -1, "m"),
        device("c", 1, 3, "rwm"), // null
        device("c", 1, 5, "rwm"), // zero
        device("c", 1, 7, "rwm"), // full
        device("c", 1, 8, "rwm"), // random
        device("c", 1, 9, "rwm"), // urandom
        device("c", 5, 0, "rwm"), // tty
        device("c", 5, 1, "rwm"), // console
        device("c", 5, 2, "rwm"), // ptmx
        device("c", 136, -1, "rwm")); // pts
  }

  private static JsonObject device(String type, long major, long minor, String access) {
    JsonObject device = JsonObject.create("device").put("allow", true).put("type", type);
    if (major >= 0) {
      device.put("major", major);
    }
    if (minor >= 0) {
      device.put("minor", minor);
    }
    return device.put("access", access);
  }
}
