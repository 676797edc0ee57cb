package org.felucca.api.image;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
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

  /**
   * Makes a name, or lets one that is there point at something else. Labels of one that is there
   * stay, but for those that are given.
   */
  default Image put(Scope scope, String name, Descriptor target, Map<String, String> labels) {
    Set<String> paths = new HashSet<>(Set.of("target"));
    labels.keySet().forEach(key -> paths.add("labels." + key));
    while (true) {
      try {
        return update(scope, name, target, labels, paths);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.NOT_FOUND) {
          throw e;
        }
      }
      try {
        return create(scope, name, target, labels);
      } catch (EngineException e) {
        if (e.kind() != ErrorKind.ALREADY_EXISTS) {
          throw e;
        }
      }
    }
  }

  /** The image of this name; NOT_FOUND. */
  Image get(Scope scope, String name);

  /** The images that match one of the filters, or all, by name. */
  List<Image> list(Scope scope, List<String> filters);

  /** Removes a name; NOT_FOUND. What it pointed at goes with the next garbage collection. */
  void delete(Scope scope, String name);

  /** As {@link #delete(Scope, String)}, but NOT_FOUND also if the name points at something else. */
  void delete(Scope scope, String name, Digest target);
}
