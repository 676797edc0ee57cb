package org.felucca.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.felucca.api.EngineException;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.DeviceOptions;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.SecurityOptions.Seccomp;
import org.felucca.api.spec.SpecHost;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

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

  /** Stands where the namespace of another container goes when this one is started. */
  static final String JOINED = "/proc/0/ns/";

  private static final String EVERY = "ALL";

  private Isolation() {}

  /**
   * The member.
   *
   * @param capabilities what the container may ever have: some open system calls
   * @throws EngineException INVALID_ARGUMENT for an option that makes no sense
   */
  static JsonObject linux(
      CreateOptions options, SpecHost host, String cgroupsPath, List<String> capabilities) {
    SecurityOptions security = options.security();
    JsonObject linux =
        JsonObject.create("linux")
            .put("sysctl", sysctls(options))
            .put("resources", JsonObject.create("resources").put("devices", rules(options, host)))
            .put("cgroupsPath", cgroupsPath)
            .put("namespaces", namespaces(options.namespaces(), host.cgroupV2()));
    String propagation = SpecMounts.rootPropagation(options);
    if (propagation != null) {
      linux.put("rootfsPropagation", propagation);
    }
    if (!host.devices().isEmpty()) {
      linux.put("devices", host.devices().stream().map(Isolation::node).toList());
    }
    JsonObject seccomp = seccomp(security, capabilities);
    if (seccomp != null) {
      linux.put("seccomp", seccomp);
    }
    linux.put("maskedPaths", masked(security));
    linux.put("readonlyPaths", shown(security, READ_ONLY));
    JsonObject resources = linux.requiredObject("resources");
    ResourceLimits.putNew(resources, options.resources());
    ResourceLimits.put(resources, host.rates());
    return linux;
  }

  private static @Nullable JsonObject seccomp(SecurityOptions security, List<String> capabilities) {
    return switch (security.seccomp()) {
      case Seccomp.Unconfined _ -> null;
      case Seccomp.Profile profile ->
          DockerSeccomp.json(profile, System.getProperty("os.arch", ""), capabilities);
      case Seccomp.Default _ when security.privileged() -> null;
      case Seccomp.Default _ ->
          SeccompProfile.DEFAULT.json(System.getProperty("os.arch", ""), capabilities);
    };
  }

  private static List<String> masked(SecurityOptions security) {
    List<String> masked = new ArrayList<>(shown(security, MASKED));
    for (String path : security.mask()) {
      masked.add(ContainerPaths.absolute("--security-opt mask=", path));
    }
    return masked;
  }

  /** Those of the paths that are not to be shown whole. */
  private static List<String> shown(SecurityOptions security, List<String> paths) {
    for (String path : security.unmask()) {
      if (!path.equals(EVERY) && !MASKED.contains(path) && !READ_ONLY.contains(path)) {
        throw EngineException.invalid(
            "--security-opt unmask=%s: that path is neither hidden nor read-only; there are %s and %s, or ALL"
                .formatted(path, MASKED, READ_ONLY));
      }
    }
    if (security.privileged() || security.unmask().contains(EVERY)) {
      return List.of();
    }
    return paths.stream().filter(path -> !security.unmask().contains(path)).toList();
  }

  private static Map<String, String> sysctls(CreateOptions options) {
    Map<String, String> sysctls = new TreeMap<>();
    if (options.namespaces().network().isOwn()) {
      // The network namespace is the container's own: low ports and ping need no privilege in it.
      sysctls.put("net.ipv4.ip_unprivileged_port_start", "0");
      sysctls.put("net.ipv4.ping_group_range", "0 2147483647");
    }
    String domainname = options.network().domainname();
    if (domainname != null) {
      // The member domainname is too new for the runtimes of today.
      sysctls.put("kernel.domainname", domainname);
    }
    sysctls.putAll(Sysctls.checked(options.security().sysctls(), options.namespaces()));
    return sysctls;
  }

  private static List<JsonObject> namespaces(NamespaceOptions options, boolean cgroupV2) {
    List<JsonObject> namespaces = new ArrayList<>();
    add(namespaces, "pid", options.pid());
    add(namespaces, "ipc", options.ipc());
    add(namespaces, "uts", options.uts());
    namespaces.add(JsonObject.create("ns").put("type", "mount"));
    add(namespaces, "network", options.network());
    if (cgroupV2 || options.cgroup().kind() != NamespaceMode.Kind.DEFAULT) {
      add(namespaces, "cgroup", options.cgroup());
    }
    return namespaces;
  }

  private static void add(List<JsonObject> namespaces, String type, NamespaceMode mode) {
    switch (mode.kind()) {
      case DEFAULT, PRIVATE -> namespaces.add(JsonObject.create("ns").put("type", type));
      case CONTAINER ->
          namespaces.add(JsonObject.create("ns").put("type", type).put("path", JOINED + type));
      case HOST -> {
        // The runtime stays in its own, which is the machine's.
      }
    }
  }

  /** Nothing but what every program expects; nodes may be made of others, but not opened. */
  private static List<JsonObject> rules(CreateOptions options, SpecHost host) {
    if (options.security().privileged()) {
      return List.of(JsonObject.create("device").put("allow", true).put("access", "rwm"));
    }
    List<JsonObject> rules =
        new ArrayList<>(
            List.of(
                JsonObject.create("device").put("allow", false).put("access", "rwm"),
                rule("c", -1, -1, "m"),
                rule("b", -1, -1, "m"),
                rule("c", 1, 3, "rwm"), // null
                rule("c", 1, 5, "rwm"), // zero
                rule("c", 1, 7, "rwm"), // full
                rule("c", 1, 8, "rwm"), // random
                rule("c", 1, 9, "rwm"), // urandom
                rule("c", 5, 0, "rwm"), // tty
                rule("c", 5, 1, "rwm"), // console
                rule("c", 5, 2, "rwm"), // ptmx
                rule("c", 136, -1, "rwm"))); // pts
    for (SpecHost.DeviceNode node : host.devices()) {
      rules.add(rule(type(node), node.major(), node.minor(), node.access()));
    }
    for (DeviceOptions.Rule rule : options.devices().rules()) {
      rules.add(rule(rule.type(), rule.major(), rule.minor(), rule.access()));
    }
    return rules;
  }

  private static JsonObject node(SpecHost.DeviceNode node) {
    return JsonObject.create("device")
        .put("path", node.path())
        .put("type", type(node))
        .put("major", node.major())
        .put("minor", node.minor())
        .put("fileMode", node.permissions())
        .put("uid", node.uid())
        .put("gid", node.gid());
  }

  private static String type(SpecHost.DeviceNode node) {
    return node.block() ? "b" : "c";
  }

  private static JsonObject rule(String type, long major, long minor, String access) {
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
