package org.felucca.api.image;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.osgi.annotation.versioning.ProviderType;

/** The image names of each namespace. */
@ProviderType
public interface ImageStore {
  /**
   * A new name.
   *
   * @throws EngineException ALREADY_EXISTS; INVALID_ARGUMENT for an empty name or an oversized
   *     label
   */
  Image create(Scope scope, String name, Descriptor target, Map<String, String> labels);

  /**
   * Changes a name.
   *
   * @param paths what of it: {@code target}, {@code labels}, {@code labels.<key>}, {@code
   *     annotations}, {@code annotations.<key>}; empty replaces target and labels
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT for an unknown path
   */
  Image update(
      Scope scope, String name, Descriptor target, Map<String, String> labels, Set<String> paths);

  /** The image of this name; NOT_FOUND. */
  Image get(Scope scope, String name);

  /** The images that match one of the filters, or all, by name. */
  List<Image> list(Scope scope, List<String> filters);

  /** Removes a name; NOT_FOUND. What it pointed at goes with the next garbage collection. */
  void delete(Scope scope, String name);
}
