package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.oci.filter.Fields;
import org.felucca.shell.view.Wildcards;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists images. */
final class ImageList extends Listing<ImageRow> {
  @Option(
      names = {"-a", "--all"},
      hidden = true,
      description = "there are no images that a list leaves out")
  boolean all;

  @Option(names = "--digests", description = "show digests as well")
  boolean digests;

  @Parameters(
      arity = "0..1",
      paramLabel = "REPOSITORY[:TAG]",
      description = "only those of this name; * stands for anything")
  @Nullable String reference;

  @Override
  protected List<ImageRow> rows() {
    Scope scope = scope();
    Predicate<ImageRow> wanted = reference == null ? row -> true : reference(reference);
    return services().images().use(images -> images.list(scope, List.of())).stream()
        .map(image -> ImageRow.of(services(), scope, image))
        .filter(wanted)
        .toList();
  }

  @Override
  protected Columns<ImageRow> columns() {
    Instant now = Instant.now();
    Columns<ImageRow> columns =
        new Columns<>(ImageRow.class)
            .column("REPOSITORY", "Repository", ImageRow::repository)
            .shrinks()
            .column("TAG", "Tag", row -> row.tag().isEmpty() ? "<none>" : row.tag())
            .shrinks();
    if (digests) {
      columns.column("DIGEST", "Digest", ImageRow::digest);
    } else {
      columns.word("Digest", ImageRow::digest);
    }
    return columns
        .column("IMAGE ID", "ID", this::brief)
        .column("CREATED", "CreatedSince", row -> Words.ago(row.createdAt(), now))
        .dispensable()
        .column("SIZE", "Size", row -> Words.bytes(row.size()))
        .word("CreatedAt", row -> row.createdAt().toString())
        .word("Labels", row -> Words.pairs(row.labels()));
  }

  @Override
  protected String brief(ImageRow row) {
    return whole ? row.digest() : row.shortId();
  }

  @Override
  protected List<String> habits() {
    return List.of("before", "dangling", "reference", "since");
  }

  @Override
  protected @Nullable Predicate<ImageRow> habit(String key, String value) {
    return switch (key) {
      case "reference" -> reference(value);
      case "dangling" -> {
        if (!value.equals("true") && !value.equals("false")) {
          throw EngineException.invalid(
              "--filter dangling=%s must be true or false".formatted(value));
        }
        yield row -> row.tag().isEmpty() == Boolean.parseBoolean(value);
      }
      case "before" -> {
        Instant then = created(value);
        yield row -> row.createdAt().isBefore(then);
      }
      case "since" -> {
        Instant then = created(value);
        yield row -> row.createdAt().isAfter(then);
      }
      default -> null;
    };
  }

  @Override
  protected List<String> values(String key) {
    return key.equals("dangling") ? List.of("true", "false") : List.of();
  }

  private Instant created(String text) {
    return image(text).createdAt();
  }

  /** By the name, or by the last part of it, with or without a tag. */
  private static Predicate<ImageRow> reference(String pattern) {
    Predicate<String> wanted = Wildcards.matching(pattern);
    return row -> {
      String last = row.repository().substring(row.repository().lastIndexOf('/') + 1);
      return wanted.test(row.name())
          || wanted.test(row.repository())
          || wanted.test(row.repository() + ":" + row.tag())
          || wanted.test(last)
          || wanted.test(last + ":" + row.tag());
    };
  }

  @Override
  protected List<String> otherFields() {
    return List.of("target", "annotations");
  }

  /** containerd's {@code target.digest}. */
  @Override
  protected Fields moreFields(ImageRow row) {
    return path ->
        path.equals(List.of("target", "digest")) ? Optional.of(row.digest()) : Optional.empty();
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca image ls",
        "felucca images 'busy*'",
        "felucca images --format '{{.Repository}}:{{.Tag}} {{.Size}}'");
  }
}
