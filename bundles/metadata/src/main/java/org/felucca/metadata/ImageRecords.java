package org.felucca.metadata;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.event.Event;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageStore;
import org.felucca.oci.filter.Fields;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The records of images. */
@Component
public final class ImageRecords implements ImageStore {

  private static final String COLUMNS =
      "SELECT name, target, labels, created, updated FROM images WHERE namespace = ?";

  private final Database database;

  @Activate
  public ImageRecords(@Reference Database database) {
    this.database = database;
  }

  private static Image read(ResultSet row) throws SQLException {
    String name = row.getString(1);
    String record = "image " + name;
    return new Image(
        name,
        Columns.descriptor(row.getString(2), record),
        Columns.time(row.getLong(4)),
        Columns.time(row.getLong(5)),
        Columns.map(row.getString(3), record));
  }

  private static Fields fields(Image image) {
    return path ->
        switch (path.getFirst()) {
          case "name" -> Optional.of(image.name());
          case "target" ->
              switch (path.size() < 2 ? "" : path.get(1)) {
                case "digest" -> Optional.of(image.target().digest().toString());
                case "mediatype" -> Optional.of(image.target().mediaType());
                default -> Optional.empty();
              };
          case "labels" -> Fields.inMap(image.labels(), path);
          case "annotations" -> Fields.inMap(image.target().annotations(), path);
          default -> Optional.empty();
        };
  }

  private static @Nullable Image find(Sql sql, Namespace namespace, String name) {
    return sql.first(COLUMNS + " AND name = ?", ImageRecords::read, namespace, name);
  }

  private static Image required(Sql sql, Namespace namespace, String name) {
    Image image = find(sql, namespace, name);
    if (image == null) {
      throw EngineException.notFound(
          "image %s does not exist in namespace %s".formatted(Identifiers.quote(name), namespace));
    }
    return image;
  }

  private static Image checked(Image image) {
    if (image.name().isEmpty()) {
      throw EngineException.invalid("an image must have a name");
    }
    try {
      Columns.descriptor(Columns.write(image.target()), "image " + image.name());
    } catch (Sql.BadRecord e) {
      throw EngineException.invalid(String.valueOf(e.getMessage()));
    }
    return image;
  }

  @Override
  public Image create(Scope scope, String name, Descriptor target, Map<String, String> labels) {
    Instant now = Instant.now();
    Image image = checked(new Image(name, target, now, now, Labels.checked(labels)));
    // Whether the name is taken is told after the commit: a lease is added to in any case.
    boolean made =
        database.write(
            scope.durability(),
            t -> {
              NamespaceRecords.ensure(t, scope.namespace());
              LeasedRows.add(t, scope, LeasedRows.IMAGES, name);
              if (find(t.sql(), scope.namespace(), name) != null) {
                return false;
              }
              store(t, "INSERT INTO", scope.namespace(), image);
              t.labelled("image " + name, image.labels());
              t.happened(scope.namespace(), new Event.ImageCreate(name, image.labels()));
              return true;
            });
    if (!made) {
      throw EngineException.alreadyExists(
          "image %s exists already in namespace %s"
              .formatted(Identifiers.quote(name), scope.namespace()));
    }
    return image;
  }

  private static void store(Transaction t, String verb, Namespace namespace, Image image) {
    t.sql()
        .update(
            verb + " images VALUES (?, ?, ?, ?, ?, ?, ?)",
            namespace,
            image.name(),
            image.target().digest(),
            Columns.write(image.target()),
            Columns.write(image.labels()),
            Columns.write(image.createdAt()),
            Columns.write(image.updatedAt()));
  }

  @Override
  public Image update(
      Scope scope, String name, Descriptor target, Map<String, String> labels, Set<String> paths) {
    return database.write(
        scope.durability(),
        t -> {
          Image before = required(t.sql(), scope.namespace(), name);
          Image after = checked(changed(before, target, labels, paths));
          LeasedRows.add(t, scope, LeasedRows.IMAGES, name);
          store(t, "REPLACE INTO", scope.namespace(), after);
          t.labelled("image " + name, after.labels());
          t.happened(scope.namespace(), new Event.ImageUpdate(name, after.labels()));
          return after;
        });
  }

  private static Image changed(
      Image before, Descriptor target, Map<String, String> labels, Set<String> paths) {
    Descriptor newTarget = paths.isEmpty() || paths.contains("target") ? target : before.target();
    Map<String, String> newLabels = paths.isEmpty() ? labels : before.labels();
    for (String path : paths) {
      if (Labels.isLabelPath(path)) {
        newLabels = Labels.masked(newLabels, labels, path);
      } else if (path.equals("annotations")) {
        newTarget = newTarget.withAnnotations(target.annotations());
      } else if (path.startsWith("annotations.")) {
        newTarget =
            newTarget.withAnnotations(
                Labels.masked(newTarget.annotations(), target.annotations(), path));
      } else if (!path.equals("target")) {
        throw Labels.unknownPath(
            "image " + before.name(),
            path,
            "target, labels, labels.<key>, annotations and annotations.<key>");
      }
    }
    return new Image(
        before.name(), newTarget, before.createdAt(), Instant.now(), Labels.checked(newLabels));
  }

  @Override
  public Image get(Scope scope, String name) {
    return database.read(sql -> required(sql, scope.namespace(), name));
  }

  @Override
  public List<Image> list(Scope scope, List<String> filters) {
    Predicate<Fields> filter = Filters.parseAll(filters);
    return database.read(
        sql ->
            sql.readable(
                COLUMNS + " ORDER BY name",
                row -> {
                  Image image = read(row);
                  return filter.test(fields(image)) ? image : null;
                },
                scope.namespace()));
  }

  @Override
  public void delete(Scope scope, String name) {
    remove(scope, name, null);
  }

  @Override
  public void delete(Scope scope, String name, Digest target) {
    remove(scope, name, target);
  }

  private void remove(Scope scope, String name, @Nullable Digest target) {
    database.write(
        scope.durability(),
        t -> {
          t.makesRoom();
          t.mayLeaveGarbage();
          Digest found = required(t.sql(), scope.namespace(), name).target().digest();
          if (target != null && !target.equals(found)) {
            throw EngineException.notFound(
                "image %s points at %s in namespace %s, not at %s"
                    .formatted(Identifiers.quote(name), found, scope.namespace(), target));
          }
          t.sql()
              .update(
                  "DELETE FROM images WHERE namespace = ? AND name = ?", scope.namespace(), name);
          LeasedRows.forget(t, scope.namespace().value(), LeasedRows.IMAGES, name);
          t.happened(scope.namespace(), new Event.ImageDelete(name));
          return true;
        });
  }
}
