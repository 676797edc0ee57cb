package org.felucca.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.DeviceOptions;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.MountOption;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.NetworkOptions;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.spec.SpecHost;
import org.felucca.linux.MountInfo;
import org.felucca.linux.MountTable;
import org.felucca.linux.Signal;

/**
 * Checks options against this machine, before anything is made. Each message names the option and
 * says what to do.
 */
final class OptionChecks {
  private static final Pattern BOUNDING = Pattern.compile("CapBnd:\\s*([0-9a-f]{1,16})");

  private OptionChecks() {}

  /**
   * Checks all that depends on this machine.
   *
   * @return what of the machine the spec depends on
   * @throws EngineException INVALID_ARGUMENT
   */
  static SpecHost check(CreateOptions options) {
    options.storage().mounts().forEach(OptionChecks::checkMount);
    NameFiles.check(options.network());
    checkSecurity(options.security());
    options.devices().rules().forEach(OptionChecks::checkRule);
    checkLife(options.life());
    return new SpecHost(
        HostCgroups.unified(),
        capabilities(),
        HostDevices.find(options.devices(), options.security().privileged()),
        HostDevices.rates(options.devices().rates()));
  }

  private static void checkMount(MountOption mount) {
    if (mount instanceof MountOption.Bind bind) {
      if (!Files.exists(bind.source())) {
        throw EngineException.invalid(
            "--volume or --mount: %s does not exist on this machine; make it first"
                .formatted(bind.source()));
      }
      checkPropagation(bind);
    }
    if (mount instanceof MountOption.Tmpfs tmpfs) {
      if (tmpfs.size() != null && tmpfs.size() <= 0) {
        throw EngineException.invalid(
            "--tmpfs %s: the size must be more than 0".formatted(tmpfs.destination()));
      }
      if (tmpfs.mode() != null && (tmpfs.mode() < 0 || tmpfs.mode() > 07777)) {
        throw EngineException.invalid(
            "--tmpfs %s: the mode must be octal, such as 1777".formatted(tmpfs.destination()));
      }
    }
  }

  /** What a mount does not get itself it can't pass on. */
  private static void checkPropagation(MountOption.Bind bind) {
    boolean shared = bind.options().contains("shared") || bind.options().contains("rshared");
    boolean slave = bind.options().contains("slave") || bind.options().contains("rslave");
    if (!shared && !slave) {
      return;
    }
    Path source;
    try {
      source = bind.source().toRealPath();
    } catch (IOException e) {
      throw EngineException.invalid(
          "--volume or --mount: %s can't be read: %s".formatted(bind.source(), e.getMessage()));
    }
    MountInfo mount = null;
    // Of several at one place the last lies on top.
    for (MountInfo each : MountTable.read().mounts()) {
      if (source.startsWith(each.mountPoint())
          && (mount == null || each.mountPoint().length() >= mount.mountPoint().length())) {
        mount = each;
      }
    }
    List<String> has = mount == null ? List.of() : mount.propagation();
    if (has.stream()
        .noneMatch(
            field -> field.startsWith("shared:") || (!shared && field.startsWith("master:")))) {
      String at = mount == null ? "/" : mount.mountPoint();
      throw EngineException.invalid(
          "--volume or --mount: %s is to be %s, but lies in the mount %s, which is private; make it shared first: mount --make-shared %s"
              .formatted(bind.source(), shared ? "shared" : "a slave", at, at));
    }
  }

  /**
   * Checks what shares names with another container or the machine; before the names of those are
   * filled in.
   */
  static void checkNamespaces(NamespaceOptions namespaces, NetworkOptions network) {
    boolean named = network.hostname() != null || network.domainname() != null;
    if (named && !namespaces.uts().isOwn()) {
      throw EngineException.invalid(
          "--hostname and --domainname don't go with --uts %s, whose host name is another's; leave one of them out"
              .formatted(text(namespaces.uts())));
    }
    if (namespaces.network().kind() == NamespaceMode.Kind.CONTAINER
        && (named
            || !network.dns().isEmpty()
            || !network.dnsSearch().isEmpty()
            || !network.dnsOptions().isEmpty()
            || !network.hosts().isEmpty()
            || !network.exposed().isEmpty())) {
      throw EngineException.invalid(
          "--network %s brings the host name, name servers, hosts and ports of that container; leave --hostname, --domainname, --dns, --dns-search, --dns-option, --add-host and --expose out"
              .formatted(text(namespaces.network())));
    }
  }

  private static String text(NamespaceMode mode) {
    return mode.kind() == NamespaceMode.Kind.HOST ? "host" : "container:" + mode.container();
  }

  private static void checkSecurity(SecurityOptions security) {
    security
        .sysctls()
        .forEach(
            (name, value) -> {
              String path = name.indexOf('.') < 0 ? name : name.replace('.', '/');
              if (path.matches("[A-Za-z0-9_/-]+") && !Files.exists(Path.of("/proc/sys/" + path))) {
                throw EngineException.invalid(
                    "--sysctl %s: this kernel has no such parameter; sysctl -a lists them"
                        .formatted(Identifiers.quote(name)));
              }
            });
    String profile = security.apparmor();
    if (profile == null || profile.equals("unconfined")) {
      return;
    }
    if (!read("/sys/module/apparmor/parameters/enabled").equals("Y")) {
      throw EngineException.invalid(
          "--security-opt apparmor=%s: AppArmor is not on in this kernel, so the profile can't hold; leave the option out"
              .formatted(Identifiers.quote(profile)));
    }
    if (read("/sys/kernel/security/apparmor/profiles")
        .lines()
        .noneMatch(line -> line.startsWith(profile + " ("))) {
      throw EngineException.invalid(
          "--security-opt apparmor=%s: no such profile is loaded; load it by apparmor_parser first"
              .formatted(Identifiers.quote(profile)));
    }
  }

  private static void checkRule(DeviceOptions.Rule rule) {
    if (!List.of("a", "b", "c").contains(rule.type()) || !rule.access().matches("[rwm]{1,3}")) {
      throw EngineException.invalid(
          "--device-cgroup-rule %s %d:%d %s is not understood: write it as 'c 10:200 rwm'"
              .formatted(rule.type(), rule.major(), rule.minor(), rule.access()));
    }
  }

  private static void checkLife(LifeOptions life) {
    if (life.stopSignal() != null) {
      signal("--stop-signal", life.stopSignal());
    }
    Path pidFile = life.pidFile();
    if (pidFile != null
        && (pidFile.getParent() == null || !Files.isDirectory(pidFile.getParent()))) {
      throw EngineException.invalid(
          "--pidfile %s: there is no such folder; make it first".formatted(pidFile));
    }
  }

  /** The signal of a name or number; INVALID_ARGUMENT if there is none. */
  static Signal signal(String whose, String text) {
    try {
      return Signal.parse(text);
    } catch (IllegalArgumentException e) {
      throw EngineException.invalid(
          "%s %s is none that this machine knows; kill -l lists them"
              .formatted(whose, Identifiers.quote(text)));
    }
  }

  /** What this process may ever have, and so can give. */
  private static long capabilities() {
    for (String line : read("/proc/self/status").lines().toList()) {
      Matcher matcher = BOUNDING.matcher(line);
      if (matcher.matches()) {
        return Long.parseUnsignedLong(matcher.group(1), 16);
      }
    }
    return -1L;
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
