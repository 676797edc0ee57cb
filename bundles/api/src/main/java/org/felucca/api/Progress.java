package org.felucca.api;

/**
 * Where long work says how far it is. Called from any thread, often; an implementation returns at
 * once.
 */
@FunctionalInterface
public interface Progress {
  /** Nobody watches. */
  Progress NONE = (item, state, done, total) -> {};

  /**
   * @param item what is being worked on, such as a digest or a file name
   * @param state a word for what happens to it, such as {@code "unpacking"} or {@code "done"}
   * @param done bytes (or pieces) done
   * @param total bytes (or pieces) in all; 0 if not known
   */
  void report(String item, String state, long done, long total);
}
