package org.felucca.images;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.ImageReference;
import org.felucca.oci.OciLayout;
import org.jspecify.annotations.Nullable;

/** What archives call their images, in full. */
final class ImageNames {
  /** An image of an archive and its full names, perhaps none. */
  record Named(Descriptor target, List<String> names) {}

  private ImageNames() {}

  /**
   * The full name that annotations give, or null.
   *
   * @param fallbackName a name in whose repository a bare tag is, or null
   * @throws EngineException INVALID_ARGUMENT if it is malformed
   */
  static @Nullable String ofAnnotations(Descriptor target, @Nullable String fallbackName) {
    String full = target.annotations().get(OciLayout.CONTAINERD_NAME);
    if (full != null && !full.isEmpty()) {
      return normal(full);
    }
    String ref = target.annotations().get(OciLayout.REF_NAME);
    if (ref == null || ref.isEmpty()) {
      return null;
    }
    if (ref.indexOf('/') >= 0 || ref.indexOf(':') >= 0) {
      return normal(ref);
    }
    // A word alone is a tag or a short name; nobody says which.
    if (fallbackName != null) {
      ImageReference fallback = ImageReference.parse(fallbackName);
      return normal(fallback.registry() + "/" + fallback.repository() + ":" + ref);
    }
    return ref.equals("latest") || ref.matches("v?[0-9].*") ? null : normal(ref);
  }

  /** A name made full. */
  static String normal(String name) {
    try {
      return ImageReference.parse(name).toString();
    } catch (EngineException e) {
      throw e.during("the archive names an image badly");
    }
  }

  /**
   * Gives images without a name one: the fallback if there is exactly one, else their digests.
   *
   * @throws EngineException INVALID_ARGUMENT if two different images have the same name
   */
  static List<Named> complete(List<Named> images, @Nullable String fallbackName) {
    long nameless = images.stream().filter(image -> image.names().isEmpty()).count();
    List<Named> complete = new ArrayList<>();
    java.util.Map<String, Descriptor> taken = new java.util.HashMap<>();
    for (Named image : images) {
      List<String> names = image.names();
      if (names.isEmpty()) {
        names =
            List.of(
                fallbackName != null && nameless == 1
                    ? ImageReference.parse(fallbackName).toString()
                    : image.target().digest().toString());
      }
      for (String name : names) {
        Descriptor other = taken.put(name, image.target());
        if (other != null && !other.digest().equals(image.target().digest())) {
          throw EngineException.invalid(
              "the archive has two images of the name %s: %s and %s"
                  .formatted(name, other.digest(), image.target().digest()));
        }
      }
      complete.add(new Named(image.target(), names));
    }
    return complete;
  }
}
