package org.felucca.api;

import java.util.Optional;

/**
 * In whose name a call is made: every call that touches records takes one.
 *
 * @param namespace where the records live
 * @param lease the lease to which what the call touches is added, also when the call fails with
 *     ALREADY_EXISTS
 * @param durability what the writes of the call must survive
 */
public record Scope(Namespace namespace, Optional<String> lease, Durability durability) {
  /** The namespace without a lease, surviving power loss. */
  public static Scope of(Namespace namespace) {
    return new Scope(namespace, Optional.empty(), Durability.POWER_LOSS);
  }

  /** The same scope under a lease. */
  public Scope withLease(String id) {
    return new Scope(namespace, Optional.of(id), durability);
  }

  /** The same scope with another durability. */
  public Scope withDurability(Durability other) {
    return new Scope(namespace, lease, other);
  }
}
