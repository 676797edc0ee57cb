package org.felucca.shell.verb;

import java.time.Instant;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.shell.session.Services;

/** An image as lists show it; the components are the members of the JSON document. */
record ImageRow(
    String name,
    String repository,
    String tag,
    String digest,
    long size,
    Instant createdAt,
    Map<String, String> labels) {
  private static final int ID_LENGTH = 12;

  static ImageRow of(Services services, Scope scope, Image image) {
    String repository = image.name();
    String tag = "";
    if (image.name().equals(image.target().digest().toString())) {
      repository = "<none>";
    } else {
      try {
        ImageReference reference = ImageReference.parse(image.name());
        repository =
            ContainerRow.familiar(
                new ImageReference(reference.registry(), reference.repository(), "latest", null)
                    .toString());
        tag = reference.tag() == null ? "" : reference.tag();
      } catch (EngineException foreign) {
        // A name that is none of a registry's is shown as it is.
      }
    }
    long size = services.images().use(images -> images.size(scope, image));
    return new ImageRow(
        image.name(),
        repository,
        tag,
        image.target().digest().toString(),
        size,
        image.createdAt(),
        image.labels());
  }

  String shortId() {
    String hex = digest.substring(digest.indexOf(':') + 1);
    return hex.length() <= ID_LENGTH ? hex : hex.substring(0, ID_LENGTH);
  }
}
