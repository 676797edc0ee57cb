package org.felucca.spec;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.SecurityOptions;
import org.felucca.oci.JsonObject;

/** Capabilities of a process (capabilities(7)). */
final class Capabilities {
  /** All that there are, each at its number (linux/capability.h). */
  static final List<String> ALL =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_DAC_READ_SEARCH",
          "CAP_FOWNER",
          "CAP_FSETID",
          "CAP_KILL",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETPCAP",
          "CAP_LINUX_IMMUTABLE",
          "CAP_NET_BIND_SERVICE",
          "CAP_NET_BROADCAST",
          "CAP_NET_ADMIN",
          "CAP_NET_RAW",
          "CAP_IPC_LOCK",
          "CAP_IPC_OWNER",
          "CAP_SYS_MODULE",
          "CAP_SYS_RAWIO",
          "CAP_SYS_CHROOT",
          "CAP_SYS_PTRACE",
          "CAP_SYS_PACCT",
          "CAP_SYS_ADMIN",
          "CAP_SYS_BOOT",
          "CAP_SYS_NICE",
          "CAP_SYS_RESOURCE",
          "CAP_SYS_TIME",
          "CAP_SYS_TTY_CONFIG",
          "CAP_MKNOD",
          "CAP_LEASE",
          "CAP_AUDIT_WRITE",
          "CAP_AUDIT_CONTROL",
          "CAP_SETFCAP",
          "CAP_MAC_OVERRIDE",
          "CAP_MAC_ADMIN",
          "CAP_SYSLOG",
          "CAP_WAKE_ALARM",
          "CAP_BLOCK_SUSPEND",
          "CAP_AUDIT_READ",
          "CAP_PERFMON",
          "CAP_BPF",
          "CAP_CHECKPOINT_RESTORE");

  /** What Docker leaves to containers, and no more. */
  static final List<String> DEFAULT =
      List.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  private static final String EVERY = "ALL";

  private Capabilities() {}

  /**
   * What a container may ever have, as Docker works it out: {@code ALL} among those to add is
   * everything but those to drop; {@code ALL} among those to drop is only those to add.
   *
   * @param held what the engine itself may have, and so can give, a bit each
   * @throws EngineException INVALID_ARGUMENT for a name that is none
   */
  static List<String> granted(SecurityOptions options, long held) {
    List<String> known =
        IntStream.range(0, ALL.size())
            .filter(i -> (held >>> i & 1) == 1)
            .mapToObj(ALL::get)
            .toList();
    List<String> add = names("--cap-add", options.capAdd());
    List<String> drop = names("--cap-drop", options.capDrop());
    for (String name : add) {
      if (!name.equals(EVERY) && !known.contains(name)) {
        throw EngineException.invalid(
            "--cap-add %s: the engine does not have it itself, so it can't give it; start feluccad with it"
                .formatted(name));
      }
    }
    if (options.privileged()) {
      return known;
    }
    Set<String> granted = new LinkedHashSet<>(DEFAULT);
    granted.retainAll(known);
    if (add.contains(EVERY)) {
      granted = new LinkedHashSet<>(known);
      granted.removeAll(drop);
    } else if (drop.contains(EVERY)) {
      granted = new LinkedHashSet<>(add);
    } else {
      drop.forEach(granted::remove);
      granted.addAll(add);
    }
    return List.copyOf(granted);
  }

  private static List<String> names(String option, List<String> texts) {
    List<String> names = new ArrayList<>();
    for (String text : texts) {
      String upper = text.strip().toUpperCase(Locale.ROOT);
      if (upper.equals(EVERY)) {
        names.add(EVERY);
        continue;
      }
      String name = upper.startsWith("CAP_") ? upper : "CAP_" + upper;
      if (!ALL.contains(name)) {
        throw EngineException.invalid(
            "%s %s is no capability; capabilities(7) lists them, ALL means all"
                .formatted(option, Identifiers.quote(text)));
      }
      names.add(name);
    }
    return names;
  }

  /**
   * The sets of a process.
   *
   * @param bounding what it may ever have
   * @param root whether it is root: anybody else has none until it runs a program that gives some,
   *     as execve(2) would do
   */
  static JsonObject json(List<String> bounding, boolean root) {
    List<String> held = root ? bounding : List.of();
    return JsonObject.create("capabilities")
        .put("bounding", bounding)
        .put("effective", held)
        .put("permitted", held)
        .put("inheritable", List.of())
        .put("ambient", List.of());
  }
}
