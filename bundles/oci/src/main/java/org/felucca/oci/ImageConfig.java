package org.felucca.oci;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.content.Digest;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;

/**
 * The config of an image (OCI image specification, config.md).
 *
 * @param created when it was built, or null
 * @param author who built it, or null
 * @param platform what it runs on
 * @param config how its containers run
 * @param diffIds the digests of the uncompressed layers, the lowest first; unmodifiable
 * @param history how its layers came to be, the lowest first; unmodifiable
 */
public record ImageConfig(
    @Nullable Instant created,
    @Nullable String author,
    Platform platform,
    ContainerConfig config,
    List<Digest> diffIds,
    List<History> history) {
  /** The largest config that is read, in bytes. */
  public static final int MAX_SIZE = 8 << 20;

  /**
   * One step of an image's making.
   *
   * @param created when, or null
   * @param createdBy the command; empty if not said
   * @param author who; empty if not said
   * @param comment what was said about it; empty if nothing
   * @param emptyLayer whether it made no layer
   */
  public record History(
      @Nullable Instant created,
      String createdBy,
      String author,
      String comment,
      boolean emptyLayer) {}

  /** Copies the collections. */
  public ImageConfig {
    diffIds = List.copyOf(diffIds);
    history = List.copyOf(history);
  }

  /**
   * Reads a config.
   *
   * @param what what it is for messages, such as {@code "config sha256:..."}
   * @throws EngineException INVALID_ARGUMENT if it is malformed or not the config of an image
   */
  public static ImageConfig parse(byte[] bytes, String what) {
    if (bytes.length > MAX_SIZE) {
      throw EngineException.invalid(
          "%s has %d bytes; at most %d are read".formatted(what, bytes.length, MAX_SIZE));
    }
    JsonObject json = Json.object(bytes, what);
    json.refuseLookalikes(
        Set.of(
            "architecture", "os", "rootfs", "config", "history", "created", "author", "variant"));
    JsonObject rootfs = json.requiredObject("rootfs");
    if (!rootfs.string("type", "layers").equals("layers")) {
      throw rootfs.invalid("type must be layers");
    }
    List<Digest> diffIds = new ArrayList<>();
    for (String text : rootfs.strings("diff_ids")) {
      try {
        diffIds.add(Digest.parse(text));
      } catch (EngineException e) {
        throw e.during(rootfs.where() + ".diff_ids[" + diffIds.size() + "]");
      }
    }
    if (json.string("os", "").isEmpty() || json.string("architecture", "").isEmpty()) {
      throw json.invalid("os or architecture is missing: it is not the config of an image");
    }
    JsonObject config = json.object("config");
    return new ImageConfig(
        json.instant("created"),
        json.string("author"),
        Descriptors.platform(json),
        config == null ? ContainerConfig.EMPTY : ContainerConfig.read(config),
        diffIds,
        json.objects("history").stream().map(ImageConfig::history).toList());
  }

  private static History history(JsonObject json) {
    return new History(
        json.instant("created"),
        json.string("created_by", ""),
        json.string("author", ""),
        json.string("comment", ""),
        json.bool("empty_layer", false));
  }
}
