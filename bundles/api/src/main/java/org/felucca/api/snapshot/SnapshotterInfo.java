package org.felucca.api.snapshot;

/**
 * A snapshotter at a glance.
 *
 * @param name under which users choose it
 * @param refusal why it can't be used on this machine, in this root; empty if it can
 */
public record SnapshotterInfo(String name, String refusal) {
  /** Whether it can be used. */
  public boolean usable() {
    return refusal.isEmpty();
  }
}
