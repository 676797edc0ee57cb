package org.felucca.shell.verb;

import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/** Whether an image is pulled before a container is made of it. */
enum PullPolicy {
  ALWAYS,
  MISSING,
  NEVER;

  static PullPolicy parse(String text) {
    return switch (text) {
      case "always" -> ALWAYS;
      case "missing" -> MISSING;
      case "never" -> NEVER;
      default ->
          throw EngineException.invalid(
              "--pull %s must be always, missing or never".formatted(Identifiers.quote(text)));
    };
  }
}
