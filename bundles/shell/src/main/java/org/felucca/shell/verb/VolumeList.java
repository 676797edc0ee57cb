package org.felucca.shell.verb;

import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.shell.view.Wildcards;
import org.felucca.shell.view.Words;
import org.jspecify.annotations.Nullable;

/** Lists volumes. */
final class VolumeList extends Listing<VolumeRow> {
  @Override
  protected List<VolumeRow> rows() {
    Scope scope = scope();
    return services().volumes().use(volumes -> volumes.list(scope)).stream()
        .map(VolumeRow::of)
        .toList();
  }

  @Override
  protected Columns<VolumeRow> columns() {
    Instant now = Instant.now();
    return new Columns<>(VolumeRow.class)
        .column("DRIVER", "Driver", VolumeRow::driver)
        .dispensable()
        .column("VOLUME NAME", "Name", VolumeRow::name)
        .shrinks()
        .column("CREATED", "CreatedSince", row -> Words.ago(row.createdAt(), now))
        .dispensable()
        .column("CONTAINERS", "Containers", row -> Integer.toString(row.containers().size()))
        .word("Mountpoint", VolumeRow::mountpoint)
        .word("Labels", row -> Words.pairs(row.labels()));
  }

  @Override
  protected String brief(VolumeRow row) {
    return row.name();
  }

  @Override
  protected List<String> habits() {
    return List.of("dangling", "name");
  }

  @Override
  protected @Nullable Predicate<VolumeRow> habit(String key, String value) {
    return switch (key) {
      case "name" -> {
        Predicate<String> wanted = Wildcards.matching("*" + value + "*");
        yield row -> wanted.test(row.name());
      }
      case "dangling" -> {
        if (!value.equals("true") && !value.equals("false")) {
          throw EngineException.invalid(
              "--filter dangling=%s must be true or false".formatted(value));
        }
        yield row -> row.containers().isEmpty() == Boolean.parseBoolean(value);
      }
      default -> null;
    };
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca volume ls", "felucca volume ls -q -f dangling=true");
  }
}
