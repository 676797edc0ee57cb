package org.felucca.api.task;

/** The state of a process. */
public enum TaskStatus {
  /** Its shim has not told. */
  UNKNOWN,
  /** Made, not started. */
  CREATED,
  /** Running. */
  RUNNING,
  /** Ended; its status is kept until it is deleted. */
  STOPPED,
  /** Frozen. */
  PAUSED,
  /** On the way to PAUSED. */
  PAUSING
}
