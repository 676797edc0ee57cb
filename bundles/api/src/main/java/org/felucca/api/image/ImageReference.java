package org.felucca.api.image;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;

/**
 * The name of an image as people type it, made full: {@code busybox} is {@code
 * docker.io/library/busybox:latest} (the grammar of the distribution project's reference package).
 *
 * @param registry host and perhaps port
 * @param repository the path in the registry
 * @param tag the tag, or null if there is none (then there is a digest)
 * @param digest the digest, or null
 */
public record ImageReference(
    String registry, String repository, @Nullable String tag, @Nullable Digest digest) {
  private static final Pattern PATH =
      Pattern.compile(
          "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
              + "|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?");

  /**
   * Reads a name of any length that people use.
   *
   * @throws EngineException INVALID_ARGUMENT with what is wrong
   */
  public static ImageReference parse(String text) {
    String rest = text;
    Digest digest = null;
    int at = rest.indexOf('@');
    if (at >= 0) {
      digest = Digest.parse(rest.substring(at + 1));
      rest = rest.substring(0, at);
    }
    String tag = null;
    int colon = rest.lastIndexOf(':');
    if (colon >= 0 && rest.indexOf('/', colon) < 0) {
      tag = rest.substring(colon + 1);
      rest = rest.substring(0, colon);
      if (!TAG.matcher(tag).matches()) {
        throw bad(text, "the tag " + Identifiers.quote(tag) + " is not allowed");
      }
    }
    String registry = "docker.io";
    int slash = rest.indexOf('/');
    if (slash > 0 && isHost(rest.substring(0, slash))) {
      registry = rest.substring(0, slash);
      rest = rest.substring(slash + 1);
      if (!HOST.matcher(registry).matches()) {
        throw bad(text, "the registry " + Identifiers.quote(registry) + " is not a host name");
      }
      if (registry.equals("index.docker.io")) {
        registry = "docker.io";
      }
    }
    if (registry.equals("docker.io") && !rest.isEmpty() && rest.indexOf('/') < 0) {
      rest = "library/" + rest;
    }
    Matcher path = PATH.matcher(rest);
    if (!path.matches()) {
      throw bad(
          text,
          rest.isEmpty()
              ? "the repository is missing"
              : "the repository must be lower-case letters, digits and separators");
    }
    if (registry.length() + rest.length() > 254) {
      throw bad(text.substring(0, 40) + "...", "it is longer than 255 characters");
    }
    return new ImageReference(
        registry, rest, tag == null && digest == null ? "latest" : tag, digest);
  }

  private static boolean isHost(String first) {
    return first.equals("localhost")
        || first.indexOf('.') >= 0
        || first.indexOf(':') >= 0
        || first.chars().anyMatch(Character::isUpperCase);
  }

  private static EngineException bad(String text, String why) {
    return EngineException.invalid(
        "image name %s is malformed: %s; write it as [registry/]name[:tag][@digest]"
            .formatted(Identifiers.quote(text), why));
  }

  /** The short form with its tag, as docker writes it: without docker.io/library/. */
  public String familiar() {
    String name =
        registry.equals("docker.io")
            ? repository.startsWith("library/") && repository.indexOf('/', "library/".length()) < 0
                ? repository.substring("library/".length())
                : repository
            : registry + "/" + repository;
    return name + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
  }

  /** The full name. */
  @Override
  public String toString() {
    return registry
        + "/"
        + repository
        + (tag == null ? "" : ":" + tag)
        + (digest == null ? "" : "@" + digest);
  }
}
