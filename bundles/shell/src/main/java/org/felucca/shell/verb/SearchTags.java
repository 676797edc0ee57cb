package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.image.ImageReference;
import org.felucca.api.registry.RegistryAccess;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the tags of a repository, or the repositories of a registry. */
final class SearchTags extends Verb {
  @Option(
      names = "--repositories",
      description = "NAME is a registry: list its repositories, if it tells them")
  boolean repositories;

  @Option(names = "--json", description = "one JSON document a line")
  boolean json;

  @Mixin RegistryOptions registry = new RegistryOptions();

  @Parameters(index = "0", paramLabel = "NAME", description = "[registry/]repository")
  String name = "";

  /** A line of the JSON output. */
  record Row(String repository, String tag) {}

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca search-tags busybox", "felucca search-tags --repositories localhost:5000");
  }

  @Override
  protected void run() {
    RegistryAccess access = registry.access(call());
    if (repositories) {
      for (String repository :
          services().registry().use(client -> client.repositories(name, access))) {
        show(new Row(name + "/" + repository, ""), repository);
      }
      return;
    }
    ImageReference reference = ImageReference.parse(name);
    String repository = reference.registry() + "/" + reference.repository();
    for (String tag : services().registry().use(client -> client.tags(reference, access))) {
      show(new Row(repository, tag), tag);
    }
  }

  private void show(Row row, String plain) {
    if (json) {
      json(row);
    } else {
      say(org.felucca.shell.view.Table.printable(plain));
    }
  }
}
