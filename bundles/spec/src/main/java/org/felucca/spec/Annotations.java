package org.felucca.spec;

import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Annotations for the runtime and the shim (config.md, Annotations). */
final class Annotations {
  /** Makes shims serve several containers, which the engine has to know of. */
  private static final String GROUP = "io.containerd.runc.v2.group";

  private static final String SANDBOX = "io.kubernetes.cri.";

  private Annotations() {}

  /** Refuses what would change whose shim a container has. */
  static Map<String, String> checked(Map<String, String> annotations) {
    annotations.forEach(
        (name, value) -> {
          if (name.isEmpty() || name.chars().anyMatch(Character::isISOControl)) {
            throw EngineException.invalid(
                "--annotation %s is malformed: write it as NAME=VALUE"
                    .formatted(Identifiers.quote(name)));
          }
          if (name.equals(GROUP) || name.startsWith(SANDBOX)) {
            throw EngineException.invalid(
                "--annotation %s is not allowed: it is for the clients that group containers into pods"
                    .formatted(Identifiers.quote(name)));
          }
        });
    return annotations;
  }
}
