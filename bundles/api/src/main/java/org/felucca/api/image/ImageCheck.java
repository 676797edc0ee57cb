package org.felucca.api.image;

import java.util.List;

/**
 * What a check of an image found.
 *
 * @param image its name
 * @param blobs how many blobs were read
 * @param bytes how many bytes
 * @param snapshotters those that hold it unpacked, all of it compared with its layers; unmodifiable
 * @param problems what is broken; unmodifiable
 */
public record ImageCheck(
    String image, int blobs, long bytes, List<String> snapshotters, List<Problem> problems) {
  /**
   * Something that is broken.
   *
   * @param subject what, such as {@code layer sha256:...}
   * @param reason what is wrong with it
   * @param remedy what to do
   */
  public record Problem(String subject, String reason, String remedy) {}

  /** Copies the lists. */
  public ImageCheck {
    snapshotters = List.copyOf(snapshotters);
    problems = List.copyOf(problems);
  }
}
