package org.felucca.engine;

import java.util.Optional;
import java.util.function.Function;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.diff.FileFacts.Kind;

/**
 * Where a copy goes, by the rules of {@code docker cp} (and of cp(1), whose they are).
 *
 * @param source the path that is packed
 * @param name what it is called in the archive; empty for only what is in the folder
 * @param folder the folder that it is laid out in
 */
record CopyTarget(String source, String name, String folder) {
  private static final int MOST_LINKS = 40;

  /** Looks at a path, at a link itself. */
  interface Look extends Function<String, Optional<FileFacts>> {}

  /** A path with its links followed, and what is there. */
  private record Found(String path, Optional<FileFacts> facts) {
    boolean is(Kind kind) {
      return facts.isPresent() && facts.get().kind() == kind;
    }
  }

  /**
   * Decides.
   *
   * @param from the source, as it was typed
   * @param followLink whether a source that is a link stands for what it names
   * @param there looks where the source is
   * @param to the destination, as it was typed
   * @param here looks where the destination is
   * @throws EngineException NOT_FOUND for the source, or the folder of the destination;
   *     INVALID_ARGUMENT for a folder onto a file
   */
  static CopyTarget of(String from, boolean followLink, Look there, String to, Look here) {
    boolean content = from.endsWith("/.") || from.equals(".") || strip(from).isEmpty();
    Found source = source(from, followLink || content || from.endsWith("/"), there);
    boolean isFolder = source.is(Kind.FOLDER);
    if ((from.endsWith("/") || content) && !isFolder) {
      throw EngineException.invalid(Identifiers.quote(from) + " is no folder");
    }
    String name = name(from);
    Found target = follow(strip(to), here);
    boolean wantsFolder = to.endsWith("/") || to.endsWith("/.");
    if (target.is(Kind.FOLDER)) {
      return isFolder && content
          ? new CopyTarget(source.path(), "", target.path())
          : new CopyTarget(source.path(), name, target.path());
    }
    if (target.facts().isPresent()) {
      if (isFolder || wantsFolder) {
        throw EngineException.invalid(
            isFolder
                ? "a folder can't be copied to %s, which is none".formatted(Identifiers.quote(to))
                : "%s is no folder".formatted(Identifiers.quote(to)));
      }
    } else if (wantsFolder && !isFolder) {
      throw EngineException.notFound(
          "there is no folder %s; make it first, or leave the slash out"
              .formatted(Identifiers.quote(to)));
    }
    Found above = follow(parent(target.path()), here);
    if (!above.is(Kind.FOLDER)) {
      throw EngineException.notFound(
          "there is no folder %s for %s; make it first"
              .formatted(Identifiers.quote(above.path()), Identifiers.quote(to)));
    }
    return new CopyTarget(source.path(), name(target.path()), above.path());
  }

  /** The source as it is packed: of a link that is followed, what it names. */
  private static Found source(String from, boolean follow, Look there) {
    String path = strip(from);
    Found found = follow ? follow(path, there) : new Found(path, there.apply(path));
    if (found.facts().isEmpty()) {
      throw EngineException.notFound("there is no " + Identifiers.quote(from));
    }
    return found;
  }

  private static Found follow(String path, Look look) {
    String at = path.isEmpty() ? "/" : path;
    for (int links = 0; links < MOST_LINKS; links++) {
      Optional<FileFacts> facts = look.apply(at);
      if (facts.isEmpty() || facts.get().kind() != Kind.LINK) {
        return new Found(at, facts);
      }
      String link = facts.get().link();
      String above = parent(at);
      at = link.startsWith("/") ? link : (above.equals("/") ? "" : above) + "/" + link;
    }
    throw EngineException.invalid(
        "there are too many links at " + Identifiers.quote(path) + "; do they go in a circle?");
  }

  /** Without slashes, and dots alone, at the end. */
  private static String strip(String path) {
    String stripped = path;
    while (stripped.endsWith("/") || stripped.endsWith("/.")) {
      stripped = stripped.substring(0, stripped.length() - 1);
    }
    return stripped;
  }

  private static String parent(String path) {
    String stripped = strip(path);
    int slash = stripped.lastIndexOf('/');
    return slash <= 0 ? "/" : stripped.substring(0, slash);
  }

  /** The last part, dots walked. */
  private static String name(String path) {
    java.nio.file.Path last = java.nio.file.Path.of("/" + strip(path)).normalize().getFileName();
    return last == null ? "" : last.toString();
  }
}
