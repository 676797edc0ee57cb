package org.felucca.shell.verb;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.api.Scope;
import org.felucca.api.image.Image;
import org.felucca.api.image.Pruned;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filter;
import org.felucca.shell.view.Document;
import org.felucca.shell.view.Times;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Takes images away that nobody uses. */
final class ImagePrune extends Verb {
  @Option(
      names = {"-a", "--all"},
      description = "all that no container uses, not only those without a name")
  boolean all;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "FILTER",
      description =
          "only those that match: until=24h or a time, label=NAME[=VALUE], label!=NAME[=VALUE], or containerd's grammar such as 'name~=^docker.io/app'")
  List<String> filters = new ArrayList<>();

  @Option(names = "--dry-run", description = "say what would be taken away, and do nothing")
  boolean dry;

  @Option(
      names = "--force",
      hidden = true,
      description = "nothing is asked, so this is the default")
  boolean force;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "text, json, or a template such as '{{.bytes}}'")
  @Nullable String format;

  @Override
  protected void run() {
    Scope scope = scope();
    Format asked = Format.parse("text", format);
    Predicate<Image> wanted = wanted(Instant.now());
    if (dry) {
      services().care().use(care -> care.unused(scope, all)).stream()
          .filter(wanted)
          .forEach(image -> say(ContainerRow.familiar(image.name())));
      return;
    }
    Pruned pruned = services().care().use(care -> care.prune(scope, all, wanted));
    if (asked.isJson() || asked.template() != null) {
      Format.say(call(), asked.line(new Document(pruned)));
      return;
    }
    pruned.images().forEach(name -> say(ContainerRow.familiar(name)));
    say(
        "%s, %s and %s removed, %s freed"
            .formatted(
                Words.count(pruned.images().size(), "image"),
                Words.count(pruned.blobs(), "blob"),
                Words.count(pruned.snapshots(), "snapshot"),
                Words.bytes(pruned.bytes())));
  }

  /** Every key must fit; one of several filters in containerd's grammar is enough. */
  private Predicate<Image> wanted(Instant now) {
    Predicate<Image> every = image -> true;
    List<Filter> grammar = new ArrayList<>();
    for (String text : filters) {
      if (text.startsWith("until=")) {
        Instant then = Times.parse("--filter until", text.substring("until=".length()), now);
        every = every.and(image -> image.createdAt().isBefore(then));
      } else if (text.startsWith("label!=")) {
        every = every.and(label(text.substring("label!=".length())).negate());
      } else if (text.startsWith("label=") && !text.startsWith("label==")) {
        every = every.and(label(text.substring("label=".length())));
      } else {
        grammar.add(Filter.parse(text));
      }
    }
    return grammar.isEmpty()
        ? every
        : every.and(image -> grammar.stream().anyMatch(filter -> filter.test(fields(image))));
  }

  private static Predicate<Image> label(String text) {
    int equals = text.indexOf('=');
    String name = equals < 0 ? text : text.substring(0, equals);
    String value = equals < 0 ? null : text.substring(equals + 1);
    return image ->
        image.labels().containsKey(name)
            && (value == null || value.equals(image.labels().get(name)));
  }

  private static Fields fields(Image image) {
    return path ->
        switch (path.getFirst()) {
          case "name" -> Optional.of(image.name());
          case "target" ->
              path.equals(List.of("target", "digest"))
                  ? Optional.of(image.target().digest().toString())
                  : Optional.empty();
          case "labels" -> Fields.inMap(image.labels(), path);
          default -> Optional.empty();
        };
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image prune   # those without a name",
        "felucca image prune -a --filter until=720h --dry-run");
  }
}
