package org.felucca.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.ImportOptions;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.jspecify.annotations.Nullable;

/** Images in memory; what is imported is only named. */
final class TestingImages implements ImageService {
  private static final Instant THEN = Instant.now().minus(Duration.ofDays(3));

  final List<Image> images = new CopyOnWriteArrayList<>();
  final List<String> calls = new CopyOnWriteArrayList<>();

  Image image(String name) {
    Image image =
        new Image(
            name,
            new Descriptor(
                "application/vnd.oci.image.manifest.v1+json",
                Digest.parse("sha256:" + "0a".repeat(32)),
                7),
            THEN,
            THEN,
            Map.of());
    images.add(image);
    return image;
  }

  @Override
  public List<Image> importStream(
      Scope scope, InputStream archive, ImportOptions options, Progress progress) {
    try {
      calls.add("import " + new String(archive.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(image("docker.io/library/" + options.fallbackName() + ":latest"));
  }

  @Override
  public List<Image> importPath(
      Scope scope, Path archive, ImportOptions options, Progress progress) {
    calls.add("import " + archive);
    return List.of(image("docker.io/library/from-path:latest"));
  }

  @Override
  public Image find(Scope scope, String text) {
    return images.stream()
        .filter(image -> image.name().equals(ImageReference.parse(text).toString()))
        .findFirst()
        .orElseThrow(() -> EngineException.notFound("there is no image " + text));
  }

  @Override
  public List<Image> list(Scope scope, List<String> filters) {
    return new ArrayList<>(images);
  }

  @Override
  public Image tag(Scope scope, String source, String target, boolean force) {
    return image(ImageReference.parse(target).toString());
  }

  @Override
  public Image untag(Scope scope, String name) {
    return remove(scope, name, true);
  }

  @Override
  public Image remove(Scope scope, String text, boolean force) {
    Image image = find(scope, text);
    images.remove(image);
    return image;
  }

  @Override
  public ResolvedImage resolve(Scope scope, Image image, Platform platform) {
    throw EngineException.notFound("no manifest for " + platform);
  }

  @Override
  public Digest unpack(
      Scope scope, ResolvedImage image, @Nullable String snapshotter, Progress progress) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long size(Scope scope, Image image) {
    return 4_213_000;
  }
}
