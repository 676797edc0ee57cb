package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.Json;
import org.felucca.shell.session.Services;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Shows all that is known of images. */
final class ImageInspect extends Inspection {
  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "names, or beginnings of digests")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    format();
    forEach(images, text -> show(shown(services(), scope, image(text))));
  }

  /** The document with docker's words. */
  static Document shown(Services services, Scope scope, Image image) {
    return DockerWords.image(document(services, scope, image), ImageRow.of(services, scope, image));
  }

  /** The document; without what the manifest says if there is none for this machine. */
  static Map<String, @Nullable Object> document(Services services, Scope scope, Image image) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("summary", ImageRow.of(services, scope, image));
    document.put("updated_at", image.updatedAt());
    document.put("media_type", image.target().mediaType());
    try {
      ResolvedImage resolved =
          services.images().use(images -> images.resolve(scope, image, Platform.host()));
      document.put("platform", resolved.platform().toString());
      document.put("manifest", resolved.manifest().digest().toString());
      document.put(
          "layers", resolved.layers().stream().map(layer -> layer.digest().toString()).toList());
      document.put("diff_ids", resolved.diffIds().stream().map(Object::toString).toList());
      document.put("config", Json.value(resolved.configJson(), "config of " + image.name()));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.UNAVAILABLE || e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      document.put("problem", e.getMessage());
    }
    return document;
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image inspect busybox",
        "felucca image inspect -f '{{.Config.Cmd}} {{join .RootFS.Layers \" \"}}' busybox");
  }
}
