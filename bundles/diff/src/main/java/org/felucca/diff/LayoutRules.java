package org.felucca.diff;

import org.felucca.api.diff.TreeArchives.Owner;
import org.jspecify.annotations.Nullable;

/**
 * What an archive may do to the tree that it is laid out in.
 *
 * @param layer whether it is a layer of an image: it has whiteouts, its root has attributes, and
 *     anything may take the place of anything. Else it is a copy that somebody asked for
 * @param folder where in the tree it goes to; empty for its root
 * @param owner who gets the files; null for those whom the archive names
 */
record LayoutRules(boolean layer, String folder, @Nullable Owner owner) {
  static final LayoutRules LAYER = new LayoutRules(true, "", null);

  static LayoutRules copy(String folder, @Nullable Owner owner) {
    return new LayoutRules(false, folder.replaceAll("^/+|/+$", ""), owner);
  }

  /** Where an entry goes. */
  LayerPath place(LayerPath path) {
    if (folder.isEmpty()) {
      return path;
    }
    return new LayerPath(
        path.parent().isEmpty() ? folder : folder + "/" + path.parent(), path.name());
  }
}
