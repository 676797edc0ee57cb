package org.felucca.spec;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;

/**
 * Kernel parameters that belong to a namespace of the container; every other one is the machine's
 * (CVE-2022-0811 set such a one through a separator in a value).
 */
final class Sysctls {
  private static final Set<String> IPC =
      Set.of(
          "kernel.msgmax",
          "kernel.msgmnb",
          "kernel.msgmni",
          "kernel.sem",
          "kernel.shmall",
          "kernel.shmmax",
          "kernel.shmmni",
          "kernel.shm_rmid_forced");

  private static final Pattern NAME = Pattern.compile("[a-z0-9_]+(\\.[A-Za-z0-9_-]+)+");
  private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9_.,:/ \\t-]{1,1024}");

  private Sysctls() {}

  /**
   * The parameters, by name with dots.
   *
   * @throws EngineException INVALID_ARGUMENT for one that is the machine's, and which
   */
  static Map<String, String> checked(Map<String, String> wanted, NamespaceOptions namespaces) {
    Map<String, String> checked = new TreeMap<>();
    wanted.forEach(
        (text, value) -> {
          String name = text.indexOf('.') < 0 ? text.replace('/', '.') : text;
          if (!NAME.matcher(name).matches() || !VALUE.matcher(value).matches()) {
            throw EngineException.invalid(
                "--sysctl %s is malformed: write it as net.core.somaxconn=1024"
                    .formatted(Identifiers.quote(text + "=" + value)));
          }
          if (IPC.contains(name) || name.startsWith("fs.mqueue.")) {
            own("--ipc", namespaces.ipc(), name);
          } else if (name.startsWith("net.")) {
            own("--network", namespaces.network(), name);
          } else if (name.equals("kernel.domainname")) {
            throw EngineException.invalid("--sysctl kernel.domainname: use --domainname for it");
          } else if (name.equals("kernel.hostname")) {
            throw EngineException.invalid("--sysctl kernel.hostname: use --hostname for it");
          } else {
            throw EngineException.invalid(
                "--sysctl %s is the whole machine's, not the container's; there are %s, fs.mqueue.* and net.*"
                    .formatted(Identifiers.quote(name), IPC.stream().sorted().toList()));
          }
          checked.put(name, value);
        });
    return checked;
  }

  private static void own(String option, NamespaceMode mode, String name) {
    if (!mode.isOwn()) {
      throw EngineException.invalid(
          "--sysctl %s belongs to a namespace that is not the container's own with %s %s; leave one of the two out"
              .formatted(
                  name,
                  option,
                  mode.kind() == NamespaceMode.Kind.HOST
                      ? "host"
                      : "container:" + mode.container()));
    }
  }
}
