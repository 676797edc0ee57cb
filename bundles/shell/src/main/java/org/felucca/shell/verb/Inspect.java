package org.felucca.shell.verb;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerView;
import org.felucca.api.container.LogState;
import org.felucca.api.image.Image;
import org.felucca.api.image.Platform;
import org.felucca.oci.Json;
import org.felucca.shell.view.Document;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Shows all that is known of containers, or of images of such a name. */
final class Inspect extends Inspection {
  @Parameters(arity = "1..*", paramLabel = "CONTAINER|IMAGE", description = "ids or names")
  List<String> objects = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    Scope scope = scope();
    format();
    forEach(objects, text -> show(inspect(scope, text)));
  }

  private Document inspect(Scope scope, String text) {
    ContainerRecord record;
    try {
      record = services().containers().use(containers -> containers.find(scope, text));
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.NOT_FOUND) {
        throw e;
      }
      Image image = imageOrNull(scope, text);
      if (image == null) {
        throw new KnownNames(services(), scope)
            .withGuess(
                EngineException.notFound(
                    "there is no container and no image %s in namespace %s; felucca ps -a and felucca images list them"
                        .formatted(text, scope.namespace())),
                Names.BOTH,
                text);
      }
      return ImageInspect.shown(services(), scope, image, Platform.host());
    }
    ContainerView view =
        services().containers().use(service -> service.inspect(scope, record.id()));
    Map<String, @Nullable Object> document = document(view);
    document.put("log", logOrNull(scope, record));
    return DockerWords.container(document, ContainerRow.of(view));
  }

  /** Containers of other clients have no log of the engine's. */
  private @Nullable LogState logOrNull(Scope scope, ContainerRecord record) {
    try {
      return services().containers().use(service -> service.logState(scope, record.id()));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.FAILED_PRECONDITION) {
        return null;
      }
      throw e;
    }
  }

  private @Nullable Image imageOrNull(Scope scope, String text) {
    try {
      return services().images().use(images -> images.find(scope, text));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.NOT_FOUND || e.kind() == ErrorKind.INVALID_ARGUMENT) {
        return null;
      }
      throw e;
    }
  }

  static Map<String, @Nullable Object> document(ContainerView view) {
    ContainerRecord record = view.container();
    Map<String, @Nullable Object> document = new LinkedHashMap<>();
    document.put("summary", ContainerRow.of(view));
    document.put("snapshotter", record.snapshotter());
    document.put("snapshot_key", record.snapshotKey());
    document.put("sandbox", record.sandbox());
    document.put("updated_at", record.updatedAt());
    document.put("task", view.task());
    document.put("health", view.health());
    document.put(
        "extensions",
        record.extensions().entrySet().stream()
            .collect(
                LinkedHashMap<String, Object>::new,
                (map, entry) -> map.put(entry.getKey(), entry.getValue().typeUrl()),
                Map::putAll));
    if (record.spec() != null) {
      document.put("spec", Json.value(record.spec().value(), "spec of " + record.id()));
    }
    return document;
  }

  @Override
  protected Names names() {
    return Names.BOTH;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca inspect web",
        "felucca inspect -f '{{.State.Pid}}' web",
        "felucca inspect -f '{{json .spec.mounts}}' web");
  }
}
