package org.felucca.api.image;

import java.util.List;
import java.util.Locale;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.jspecify.annotations.Nullable;

/**
 * What an image runs on (OCI image specification, image-index.md), normalised: {@code x86_64} is
 * {@code amd64}, {@code aarch64} is {@code arm64}, an arm64 of variant v8 has none, a bare arm is
 * v7.
 *
 * @param os the operating system, such as {@code linux}
 * @param architecture the processor, in Go's words
 * @param variant its variant, or null
 * @param osVersion the version of the operating system, or null
 * @param osFeatures what the operating system must have; unmodifiable
 */
public record Platform(
    String os,
    String architecture,
    @Nullable String variant,
    @Nullable String osVersion,
    List<String> osFeatures) {

  /** Normalises. */
  public Platform {
    os = os.toLowerCase(Locale.ROOT);
    architecture = architecture.toLowerCase(Locale.ROOT);
    switch (architecture) {
      case "x86_64", "x86-64" -> architecture = "amd64";
      case "aarch64" -> architecture = "arm64";
      case "i386", "i686" -> architecture = "386";
      case "armhf" -> {
        architecture = "arm";
        variant = "v7";
      }
      case "armel" -> {
        architecture = "arm";
        variant = "v6";
      }
      default -> {}
    }
    if (variant != null && variant.isEmpty()) {
      variant = null;
    }
    if (architecture.equals("arm64") && ("v8".equals(variant) || "8".equals(variant))) {
      variant = null;
    }
    if (architecture.equals("amd64") && "v1".equals(variant)) {
      variant = null;
    }
    if (architecture.equals("arm")) {
      variant = variant == null ? "v7" : variant.startsWith("v") ? variant : "v" + variant;
    }
    osFeatures = List.copyOf(osFeatures);
  }

  /** A platform of system and processor alone. */
  public Platform(String os, String architecture) {
    this(os, architecture, null, null, List.of());
  }

  /** The machine that this runs on. */
  public static Platform host() {
    return new Platform("linux", System.getProperty("os.arch", "unknown"));
  }

  /**
   * Reads {@code os/architecture[/variant]}, or an architecture of Linux alone.
   *
   * @throws EngineException INVALID_ARGUMENT
   */
  public static Platform parse(String text) {
    String[] parts = text.split("/", -1);
    for (String part : parts) {
      if (!part.matches("[A-Za-z0-9_.-]+")) {
        throw EngineException.invalid(
            "platform %s is malformed: write it as linux/amd64 or linux/arm/v7"
                .formatted(Identifiers.quote(text)));
      }
    }
    return switch (parts.length) {
      case 1 -> new Platform("linux", parts[0]);
      case 2 -> new Platform(parts[0], parts[1]);
      case 3 -> new Platform(parts[0], parts[1], parts[2], null, List.of());
      default ->
          throw EngineException.invalid(
              "platform %s has too many parts: write it as linux/amd64 or linux/arm/v7"
                  .formatted(Identifiers.quote(text)));
    };
  }

  /**
   * How well an image of another platform runs here.
   *
   * @return 0 if it does not; more the better it fits, so that the largest of an index wins
   */
  public int accepts(Platform image) {
    if (!os.equals(image.os) || !architecture.equals(image.architecture)) {
      return 0;
    }
    int mine = level(variant);
    int theirs = level(image.variant);
    return theirs > mine ? 0 : 100 - (mine - theirs);
  }

  private int level(@Nullable String of) {
    if (of != null && of.matches("v[0-9]{1,2}")) {
      return Integer.parseInt(of.substring(1));
    }
    return switch (architecture) {
      case "arm64" -> 8;
      case "amd64" -> 1;
      default -> 0;
    };
  }

  @Override
  public String toString() {
    return os + "/" + architecture + (variant == null ? "" : "/" + variant);
  }
}
