package org.felucca.api.image;

import java.util.List;

/**
 * What a prune took away.
 *
 * @param images the names of images; unmodifiable
 * @param blobs how many blobs went with them
 * @param snapshots how many snapshots
 * @param bytes how much room that gave
 */
public record Pruned(List<String> images, int blobs, int snapshots, long bytes) {
  /** Copies the names. */
  public Pruned {
    images = List.copyOf(images);
  }
}
