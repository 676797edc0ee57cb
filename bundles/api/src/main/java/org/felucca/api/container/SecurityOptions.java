package org.felucca.api.container;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a container may do.
 *
 * @param privileged whether it may do what root on this machine may: every capability and device,
 *     no filter, nothing masked
 * @param noNewPrivileges whether set-user-id programs gain nothing
 * @param capAdd capabilities beyond the default ones, with or without {@code CAP_}, or {@code ALL};
 *     unmodifiable
 * @param capDrop capabilities that it shall not have, or {@code ALL}; unmodifiable
 * @param seccomp which system calls it may make
 * @param apparmor the name of a loaded AppArmor profile or {@code unconfined}, or null
 * @param mask further paths that it shall not see; unmodifiable
 * @param unmask paths below /proc and /sys that are neither hidden nor read-only, {@code ALL} for
 *     all of them; unmodifiable
 * @param sysctls kernel parameters of its namespaces; unmodifiable
 */
public record SecurityOptions(
    boolean privileged,
    boolean noNewPrivileges,
    List<String> capAdd,
    List<String> capDrop,
    Seccomp seccomp,
    @Nullable String apparmor,
    List<String> mask,
    List<String> unmask,
    Map<String, String> sysctls) {

  /** Which system calls a container may make. */
  public sealed interface Seccomp {
    /** The engine's own filter. */
    record Default() implements Seccomp {}

    /** All of them. */
    record Unconfined() implements Seccomp {}

    /**
     * A filter of the user's.
     *
     * @param name what it is called in messages
     * @param json a profile as Docker writes it, or the member {@code seccomp} of an OCI spec
     */
    record Profile(String name, String json) implements Seccomp {}
  }

  /** The safe defaults. */
  public static final SecurityOptions DEFAULT =
      new SecurityOptions(
          false,
          true,
          List.of(),
          List.of(),
          new Seccomp.Default(),
          null,
          List.of(),
          List.of(),
          Map.of());

  /** Copies the collections. */
  public SecurityOptions {
    capAdd = List.copyOf(capAdd);
    capDrop = List.copyOf(capDrop);
    mask = List.copyOf(mask);
    unmask = List.copyOf(unmask);
    sysctls = Map.copyOf(sysctls);
  }
}
