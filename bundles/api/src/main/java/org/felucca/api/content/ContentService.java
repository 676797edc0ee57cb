package org.felucca.api.content;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Blobs as namespaces see them: with labels, and kept alive by leases. A blob that another
 * namespace holds is not visible here until this one writes it, which costs no bytes if the digest
 * is given at the opening of the ingest.
 */
@ProviderType
public interface ContentService {
  /** The blob's facts; NOT_FOUND if this namespace lacks it. */
  ContentInfo info(Scope scope, Digest digest);

  /**
   * Changes labels.
   *
   * @param labels the new labels; an empty value deletes that label
   * @param paths which of them: {@code labels} or {@code labels.<key>}; empty replaces all
   * @return the facts afterwards
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT for an unknown path or an oversized label
   */
  ContentInfo update(Scope scope, Digest digest, Map<String, String> labels, Set<String> paths);

  /**
   * The blobs that match one of the filters of containerd's grammar, or all of them if there is
   * none.
   */
  List<ContentInfo> list(Scope scope, List<String> filters);

  /** Opens a blob of this namespace; NOT_FOUND if it lacks it. The caller closes it. */
  BlobReader open(Scope scope, Digest digest);

  /**
   * A whole small blob.
   *
   * @param limit the most bytes that the caller takes
   * @throws EngineException NOT_FOUND; RESOURCE_EXHAUSTED if it is larger
   */
  byte[] read(Scope scope, Digest digest, int limit);

  /**
   * Opens or resumes an ingest of this namespace.
   *
   * @param ref its reference within the namespace
   * @param total how many bytes it will hold; 0 if not known
   * @param expected its digest, or null if not known
   * @throws EngineException as {@link BlobStore#ingest}; ALREADY_EXISTS only if this namespace has
   *     the blob. If only another one has it, the ingest opens at full offset and takes no bytes
   */
  LabelledIngest ingest(Scope scope, String ref, long total, @Nullable Digest expected);

  /**
   * Stores a small blob unless it is there.
   *
   * @return its facts
   */
  ContentInfo put(Scope scope, byte[] bytes, Map<String, String> labels);

  /** The ingests of this namespace whose reference starts so. */
  List<IngestStatus> ingests(Scope scope, String refPrefix);

  /** Throws an ingest of this namespace away; NOT_FOUND. */
  void abort(Scope scope, String ref);

  /** Takes a blob out of this namespace (its bytes go when no namespace holds it); NOT_FOUND. */
  void delete(Scope scope, Digest digest);
}
