package org.felucca.api.diff;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.snapshot.Mount;
import org.osgi.annotation.versioning.ProviderType;

/** The one extractor, and its inverse. */
@ProviderType
public interface LayerService {
  /** The label of a compressed layer's blob that names the digest of the uncompressed layer. */
  String UNCOMPRESSED_LABEL = "containerd.io/uncompressed";

  /**
   * Lays a layer out over mounted folders, with whiteouts, below the mount point only. Durability
   * is the snapshotter's concern. What was laid out before a failure is the caller's to remove.
   *
   * @param layer the blob's bytes; read to the end, not closed
   * @param mediaType its media type, which must be that of a tar layer, plain or compressed by gzip
   *     or zstd
   * @param mounts what it is laid out over, as {@link org.felucca.api.snapshot.SnapshotService}
   *     answers it
   * @param item what progress calls it
   * @throws EngineException INVALID_ARGUMENT for a bad archive or media type; RESOURCE_EXHAUSTED
   *     for a full disk or beyond the caps; CANCELLED on interruption
   */
  AppliedLayer apply(
      InputStream layer, String mediaType, List<Mount> mounts, String item, Progress progress);

  /**
   * Writes the difference between two states of a file system as a layer: what is new or changed,
   * whiteouts for what is gone. The same states make the same bytes.
   *
   * @param lower the mounts of the state before
   * @param upper the mounts of the state after; never written to
   * @param mediaType that of a tar layer, plain or compressed by gzip or zstd: how it is written
   * @param layer gets the bytes; not closed
   * @return digest and length of the uncompressed layer
   * @throws EngineException INVALID_ARGUMENT for another media type; CANCELLED on interruption
   */
  AppliedLayer compare(List<Mount> lower, List<Mount> upper, String mediaType, OutputStream layer);

  /**
   * Compares two file systems, every byte of every file.
   *
   * @param limit the most differences that are told
   * @param item what progress calls it
   * @return what differs, such as {@code bin/sh: other content}; empty if nothing does
   * @throws EngineException CANCELLED on interruption
   */
  List<String> differences(
      List<Mount> one, List<Mount> other, int limit, String item, Progress progress);
}
