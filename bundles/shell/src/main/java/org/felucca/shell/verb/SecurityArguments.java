package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.SecurityOptions.Seccomp;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a container may do. */
final class SecurityArguments {
  private static final String UNCONFINED = "unconfined";

  @Option(
      names = "--privileged",
      description =
          "let it do what root on this machine may: no filter, every device, nothing hidden")
  boolean privileged;

  @Option(
      names = "--cap-add",
      split = ",",
      paramLabel = "CAPABILITY",
      description = "a further capability, or ALL")
  List<String> capAdd = new ArrayList<>();

  @Option(
      names = "--cap-drop",
      split = ",",
      paramLabel = "CAPABILITY",
      description = "a capability that it shall not have, or ALL")
  List<String> capDrop = new ArrayList<>();

  @Option(
      names = "--security-opt",
      paramLabel = "OPTION",
      description =
          "seccomp=FILE|unconfined, apparmor=PROFILE|unconfined, no-new-privileges[=false], systempaths=unconfined, mask=PATH:..., unmask=PATH:...|ALL")
  List<String> securityOptions = new ArrayList<>();

  @Option(
      names = "--allow-new-privileges",
      description =
          "let set-user-id programs such as su and ping gain privileges (no_new_privs is on otherwise)")
  boolean allowNewPrivileges;

  @Option(
      names = "--sysctl",
      paramLabel = "NAME=VALUE",
      description = "a kernel parameter of its own namespaces")
  List<String> sysctls = new ArrayList<>();

  private Seccomp seccomp = new Seccomp.Default();
  private @Nullable String apparmor;
  private @Nullable Boolean noNewPrivileges;
  private final List<String> mask = new ArrayList<>();
  private final List<String> unmask = new ArrayList<>();

  SecurityOptions options(Call call) {
    for (String text : securityOptions) {
      read(call, text);
    }
    if (allowNewPrivileges && Boolean.TRUE.equals(noNewPrivileges)) {
      throw EngineException.invalid(
          "--allow-new-privileges and --security-opt no-new-privileges contradict each other; leave one of them out");
    }
    boolean none = noNewPrivileges == null ? !allowNewPrivileges && !privileged : noNewPrivileges;
    return new SecurityOptions(
        privileged,
        none,
        capAdd,
        capDrop,
        seccomp,
        apparmor,
        mask,
        unmask,
        Verb.pairs("--sysctl", sysctls));
  }

  /** Docker takes a colon for the equals sign as well, as it did in the beginning. */
  private void read(Call call, String text) {
    int split = text.indexOf('=');
    if (split < 0) {
      split = text.indexOf(':');
    }
    String name = split < 0 ? text : text.substring(0, split);
    String value = split < 0 ? "" : text.substring(split + 1);
    switch (name) {
      case "no-new-privileges" ->
          noNewPrivileges =
              switch (value) {
                case "", "true" -> true;
                case "false" -> false;
                default -> throw malformed(text);
              };
      case "seccomp" -> {
        if (value.isEmpty()) {
          throw malformed(text);
        }
        seccomp =
            value.equals(UNCONFINED)
                ? new Seccomp.Unconfined()
                : new Seccomp.Profile(value, TextFiles.read(call, "--security-opt seccomp", value));
      }
      case "apparmor" -> {
        if (value.isEmpty()) {
          throw malformed(text);
        }
        apparmor = value;
      }
      case "systempaths" -> {
        if (!value.equals(UNCONFINED)) {
          throw malformed(text);
        }
        unmask.add("ALL");
      }
      case "mask" -> mask.addAll(List.of(value.split(":", -1)));
      case "unmask" -> unmask.addAll(List.of(value.split(":", -1)));
      case "label" -> {
        if (!value.equals("disable")) {
          throw EngineException.invalid(
              "--security-opt %s: labels are for SELinux, which is not offered; leave it out"
                  .formatted(Identifiers.quote(text)));
        }
      }
      default ->
          throw EngineException.invalid(
              "--security-opt %s is not known; there are seccomp=, apparmor=, no-new-privileges, systempaths=unconfined, mask= and unmask="
                  .formatted(Identifiers.quote(text)));
    }
  }

  private static EngineException malformed(String text) {
    return EngineException.invalid(
        "--security-opt %s is not understood; see felucca run --help"
            .formatted(Identifiers.quote(text)));
  }
}
