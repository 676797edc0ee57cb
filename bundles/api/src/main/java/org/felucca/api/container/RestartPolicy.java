package org.felucca.api.container;

import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;

/**
 * Whether a container is started again when it has ended by itself. An order to stop it makes its
 * policy rest until it is started again.
 *
 * @param kind when
 * @param maximum how often at most, with ON_FAILURE; 0 for any number
 */
public record RestartPolicy(Kind kind, int maximum) {
  /** When a container is started again. */
  public enum Kind {
    /** Never. */
    NO,
    /** When its status was not 0. */
    ON_FAILURE,
    /** Always; also at the start of the engine, if it was stopped before. */
    ALWAYS,
    /** Always, but not if it was stopped before the engine was started. */
    UNLESS_STOPPED
  }

  /** Never. */
  public static final RestartPolicy NO = new RestartPolicy(Kind.NO, 0);

  /** Refuses a number that makes no sense. */
  public RestartPolicy {
    if (maximum < 0 || (maximum > 0 && kind != Kind.ON_FAILURE)) {
      throw EngineException.invalid(
          "a number of restarts goes with on-failure only and is not negative: " + maximum);
    }
  }

  /**
   * Reads a policy as docker writes it: {@code no}, {@code on-failure}, {@code on-failure:3},
   * {@code always}, {@code unless-stopped}.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static RestartPolicy parse(String text) {
    int colon = text.indexOf(':');
    String word = colon < 0 ? text : text.substring(0, colon);
    for (Kind kind : Kind.values()) {
      if (word(kind).equals(word)) {
        if (colon < 0) {
          return new RestartPolicy(kind, 0);
        }
        if (kind == Kind.ON_FAILURE && text.substring(colon + 1).matches("[0-9]{1,6}")) {
          return new RestartPolicy(kind, Integer.parseInt(text.substring(colon + 1)));
        }
      }
    }
    throw EngineException.invalid(
        "--restart %s is not known; there are no, on-failure, on-failure:NUMBER, always and unless-stopped"
            .formatted(Identifiers.quote(text)));
  }

  private static String word(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether it ever starts a container again. */
  public boolean restarts() {
    return kind != Kind.NO;
  }

  @Override
  public String toString() {
    return maximum == 0 ? word(kind) : word(kind) + ":" + maximum;
  }
}
