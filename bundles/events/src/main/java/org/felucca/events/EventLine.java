package org.felucca.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.event.LoggedEvent;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.felucca.oci.filter.Fields;
import org.jspecify.annotations.Nullable;

/**
 * An event as a line of a segment, and as filters see it. The member {@code type} is the record's
 * name.
 */
final class EventLine {

  private static final Map<String, Class<? extends Record>> TYPES =
      Arrays.stream(Event.class.getPermittedSubclasses())
          .map(type -> type.<Record>asSubclass(Record.class))
          .collect(Collectors.toUnmodifiableMap(Class::getSimpleName, Function.identity()));

  private EventLine() {}

  /** The line, with its end. */
  static byte[] write(LoggedEvent logged) {
    Map<String, @Nullable Object> line = new LinkedHashMap<>();
    line.put("sequence", logged.sequence());
    line.put("at", logged.at());
    Namespace namespace = logged.namespace();
    if (namespace != null) {
      line.put("namespace", namespace.value());
    }
    line.put("type", logged.event().getClass().getSimpleName());
    line.put("event", logged.event());
    byte[] json = Json.bytes(line);
    byte[] withEnd = Arrays.copyOf(json, json.length + 1);
    withEnd[json.length] = '\n';
    return withEnd;
  }

  /**
   * Reads a line.
   *
   * @param what where it stands, for the message
   * @throws EngineException INVALID_ARGUMENT if it is damaged, or of a version that knows more
   *     kinds of events
   */
  static LoggedEvent read(byte[] bytes, String what) {
    JsonObject line = Json.object(bytes, what);
    String name = line.requiredString("type");
    Class<? extends Record> type = TYPES.get(name);
    if (type == null) {
      throw line.invalid("the event type " + name + " is not known");
    }
    Instant at = line.instant("at");
    if (at == null) {
      throw line.invalid("the time is missing");
    }
    String namespace = line.string("namespace");
    return new LoggedEvent(
        line.requiredNumber("sequence"),
        at,
        namespace == null ? null : new Namespace(namespace),
        (Event) Json.read(line.requiredObject("event").bytes(), type, what));
  }

  /**
   * The fields that containerd's filters of events name: {@code topic}, {@code namespace} and
   * {@code event.<field>} with the field's name as in containerd's messages.
   */
  static Fields fields(LoggedEvent logged) {
    return path ->
        switch (path.getFirst()) {
          case "topic" -> Optional.of(logged.event().topic());
          case "namespace" -> Optional.ofNullable(logged.namespace()).map(Namespace::value);
          case "event" -> member(logged.event(), path);
          default -> Optional.empty();
        };
  }

  private static Optional<String> member(Event event, java.util.List<String> path) {
    if (path.size() < 2) {
      return Optional.empty();
    }
    JsonObject members = Json.object(Json.bytes(event, Json.Names.SNAKE), "event " + event.topic());
    return switch (members.get(path.get(1))) {
      case String text -> Optional.of(text).filter(t -> !t.isEmpty());
      case Number number -> Optional.of(number.toString());
      case Map<?, ?> map ->
          Optional.ofNullable(map.get(String.join(".", path.subList(2, path.size()))))
              .map(Object::toString);
      case null, default -> Optional.empty();
    };
  }

  /** The line as text, for messages. */
  static String clip(byte[] line) {
    String text = new String(line, UTF_8);
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
