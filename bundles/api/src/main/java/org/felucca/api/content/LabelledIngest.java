package org.felucca.api.content;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An ingest of a namespace, whose blob gets labels with its commit. */
public interface LabelledIngest extends Ingest {
  /**
   * As {@link #commit(long, Digest)}, and the labels in the same transaction.
   *
   * @param labels the blob's labels in this namespace; not looked at if the blob is in this
   *     namespace already
   */
  ContentInfo commit(long size, @Nullable Digest expected, Map<String, String> labels);
}
