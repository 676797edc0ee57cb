package org.felucca.shell.verb;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.felucca.shell.view.Signals;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What the values of options may be, for completion, where picocli's {@code completionCandidates}
 * do not say: what stands for the same everywhere is known by the option's name.
 */
final class OptionValues {
  private static final Set<String> FILES =
      Set.of(
          "--volume",
          "--env-file",
          "--label-file",
          "--cidfile",
          "--pidfile",
          "--iidfile",
          "--rootfs",
          "--output",
          "--device",
          "--file");

  private static final Map<String, List<String>> FIXED =
      Map.of(
          "--format", List.of("json"),
          "--tail", List.of("all"),
          "--progress", List.of("auto", "plain", "json", "none"),
          "--restart", List.of("no", "always", "unless-stopped", "on-failure"),
          "--pull", List.of("always", "missing", "never"),
          "--network", List.of("none", "host"),
          "--pid", List.of("host"),
          "--ipc", List.of("private", "host"),
          "--uts", List.of("host"),
          "--log-driver", List.of("cri", "json-file", "journald", "none"));

  private static final List<String> CAPABILITIES =
      List.of(
          "ALL",
          "AUDIT_CONTROL",
          "AUDIT_READ",
          "AUDIT_WRITE",
          "BLOCK_SUSPEND",
          "BPF",
          "CHECKPOINT_RESTORE",
          "CHOWN",
          "DAC_OVERRIDE",
          "DAC_READ_SEARCH",
          "FOWNER",
          "FSETID",
          "IPC_LOCK",
          "IPC_OWNER",
          "KILL",
          "LEASE",
          "LINUX_IMMUTABLE",
          "MAC_ADMIN",
          "MAC_OVERRIDE",
          "MKNOD",
          "NET_ADMIN",
          "NET_BIND_SERVICE",
          "NET_BROADCAST",
          "NET_RAW",
          "PERFMON",
          "SETFCAP",
          "SETGID",
          "SETPCAP",
          "SETUID",
          "SYSLOG",
          "SYS_ADMIN",
          "SYS_BOOT",
          "SYS_CHROOT",
          "SYS_MODULE",
          "SYS_NICE",
          "SYS_PACCT",
          "SYS_PTRACE",
          "SYS_RAWIO",
          "SYS_RESOURCE",
          "SYS_TIME",
          "SYS_TTY_CONFIG",
          "WAKE_ALARM");

  private OptionValues() {}

  /** What finds the values of an option, or null if nobody knows them. */
  static @Nullable Function<KnownNames, List<Known>> of(String option) {
    List<String> fixed =
        switch (option) {
          case "--signal", "--stop-signal" -> Signals.names();
          case "--cap-add", "--cap-drop" -> CAPABILITIES;
          default -> FIXED.get(option);
        };
    if (fixed != null) {
      return names -> fixed.stream().map(Known::of).toList();
    }
    return switch (option) {
      case "--runtime" -> names -> names.of(Names.RUNTIMES);
      case "--snapshotter" -> names -> names.of(Names.SNAPSHOTTERS);
      case "--lease" -> names -> names.of(Names.LEASES);
      case "--namespace" -> names -> names.of(Names.NAMESPACES);
      case "--volumes-from" -> names -> names.of(Names.CONTAINERS);
      default -> null;
    };
  }

  /** Whether its values are files or folders of the client's machine. */
  static boolean areFiles(OptionSpec option) {
    String label = option.paramLabel().toUpperCase(Locale.ROOT);
    return FILES.contains(option.longestName())
        || Stream.of("FILE", "FOLDER", "PATH").anyMatch(label::contains);
  }
}
