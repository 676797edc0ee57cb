package org.felucca.api.namespace;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The namespaces and their labels. A namespace comes to be with the first record in it, or by
 * {@link #create}.
 */
@ProviderType
public interface NamespaceStore {
  /** Makes one; ALREADY_EXISTS. */
  void create(Namespace namespace, Map<String, String> labels);

  /** Its labels; NOT_FOUND. */
  Map<String, String> labels(Namespace namespace);

  /** Changes labels as {@link org.felucca.api.content.ContentService#update} does; NOT_FOUND. */
  Map<String, String> update(Namespace namespace, Map<String, String> labels, Set<String> paths);

  /** All of them, sorted. */
  List<Namespace> list();

  /**
   * Removes an empty one.
   *
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if it holds anything, and what
   */
  void delete(Namespace namespace);
}
