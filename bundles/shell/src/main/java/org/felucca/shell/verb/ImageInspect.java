package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.oci.ImageDocument;
import org.felucca.oci.Json;
import org.felucca.shell.session.Services;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows all that is known of images, or their documents as they came. */
final class ImageInspect extends Inspection {
  @Option(
      names = "--raw",
      paramLabel = "index|manifest|config",
      description = "this document of the image, byte by byte as it came")
  @Nullable String raw;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of its variants (else this machine's)")
  @Nullable String platform;

  @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "names, or beginnings of digests")
  List<String> images = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    format();
    Platform wanted = platform == null ? Platform.host() : Platform.parse(platform);
    if (raw != null && format != null) {
      throw EngineException.invalid(
          "--raw shows a document as it came, which leaves no --format; leave one of the two out");
    }
    forEach(
        images,
        text -> {
          if (raw == null) {
            show(shown(services(), scope, image(text), wanted));
          } else {
            call().out().write(document(scope, image(text), wanted, raw));
          }
        });
  }

  private byte[] document(Scope scope, Image image, Platform wanted, String kind) {
    return switch (kind) {
      case "manifest" -> resolved(scope, image, wanted).manifestJson();
      case "config" -> resolved(scope, image, wanted).configJson();
      case "index" ->
          services()
              .content()
              .use(content -> content.read(scope, image.target().digest(), ImageDocument.MAX_SIZE));
      default ->
          throw EngineException.invalid(
              "--raw %s must be index (what the name points at), manifest or config"
                  .formatted(Identifiers.quote(kind)));
    };
  }

  private ResolvedImage resolved(Scope scope, Image image, Platform wanted) {
    return services().images().use(service -> service.resolve(scope, image, wanted));
  }

  /** The document with docker's words. */
  static Document shown(Services services, Scope scope, Image image, Platform wanted) {
    return DockerWords.image(
        document(services, scope, image, wanted), ImageRow.of(services, scope, image));
  }

  /** The document; without what the manifest says if there is none for the platform. */
  static Map<String, @Nullable Object> document(
      Services services, Scope scope, Image image, Platform wanted) {
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("summary", ImageRow.of(services, scope, image));
    document.put("updated_at", image.updatedAt());
    document.put("media_type", image.target().mediaType());
    try {
      ResolvedImage resolved =
          services.images().use(images -> images.resolve(scope, image, wanted));
      document.put("platform", resolved.platform().toString());
      document.put("manifest", resolved.manifest().digest().toString());
      document.put(
          "layers", resolved.layers().stream().map(layer -> layer.digest().toString()).toList());
      document.put("diff_ids", resolved.diffIds().stream().map(Object::toString).toList());
      document.put(
          "manifest_document", Json.value(resolved.manifestJson(), "manifest of " + image.name()));
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
