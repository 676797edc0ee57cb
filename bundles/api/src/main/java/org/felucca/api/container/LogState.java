package org.felucca.api.container;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a container's output is kept, and what of it is missing.
 *
 * @param driver where it goes to
 * @param options the driver's options, also those that are set by default; unmodifiable
 * @param path the file that is written, or null if there is none
 * @param files how many files the log has at the moment
 * @param bytes how long they are together
 * @param lostStdout bytes of standard output that could not be stored
 * @param lostStderr bytes of standard error that could not be stored
 * @param removed bytes of older files that were removed to make room on a full disk
 * @param lostJournal lines that did not reach the journal
 */
public record LogState(
    String driver,
    Map<String, String> options,
    @Nullable String path,
    int files,
    long bytes,
    long lostStdout,
    long lostStderr,
    long removed,
    long lostJournal) {
  /** Copies the options. */
  public LogState {
    options = Map.copyOf(options);
  }
}
