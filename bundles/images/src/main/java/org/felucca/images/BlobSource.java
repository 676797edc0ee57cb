package org.felucca.images;

import org.felucca.api.content.Descriptor;

/** Where the blobs of an import come from. */
@FunctionalInterface
interface BlobSource {
  /**
   * Sees to it that the content store has a blob.
   *
   * @return its length there, or -1 if it is nowhere
   */
  long bring(Descriptor descriptor);
}
