package org.felucca.api;

/** What an acknowledged write must survive. */
public enum Durability {
  /** A power loss: the write is on the disk before it is acknowledged. */
  POWER_LOSS,
  /**
   * The end of the engine by {@code kill -9}; a power loss may take it back (never a part of it).
   */
  ENGINE_CRASH
}
