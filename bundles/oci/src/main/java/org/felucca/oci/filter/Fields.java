package org.felucca.oci.filter;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The fields of a thing that filters look at. */
@FunctionalInterface
public interface Fields {
  /**
   * A field.
   *
   * @param path the names along the way to it, at least one, such as {@code labels} and {@code
   *     a.b/c}
   * @return its value, or empty if there is no such field
   */
  Optional<String> field(List<String> path);

  /**
   * What containerd does for labels and other maps: the rest of the path, joined by dots, is the
   * key.
   *
   * @param path the whole path; its first name, the map's own, is skipped
   */
  static Optional<String> inMap(Map<String, String> map, List<String> path) {
    return path.size() < 2
        ? Optional.empty()
        : Optional.ofNullable(map.get(String.join(".", path.subList(1, path.size()))));
  }
}
