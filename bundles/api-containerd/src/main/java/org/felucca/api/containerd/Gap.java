package org.felucca.api.containerd;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.jspecify.annotations.Nullable;

/**
 * What happened between the break of a subscription and its going on. An exit is not told any more
 * if its subscriber has seen that the process is gone: when a newer one has the same id, or when
 * nobody knows whether the exit was sent and the process was deleted since. For clients such as
 * dockerd take an exit as that of whatever has the id now.
 */
final class Gap {
  private static final Logger LOG = Logger.getLogger(Gap.class.getName());

  private static final List<String> FILTERS =
      List.of(
          "topic==\"/tasks/create\"", "topic==\"/tasks/exec-added\"", "topic==\"/tasks/delete\"");

  /** A process; the exec id of a container's first is its own. */
  private record Key(@Nullable Namespace namespace, String container, String id) {}

  private final Map<Key, Long> made = new HashMap<>();
  private final Map<Key, Long> deleted = new HashMap<>();
  private final long uncertainTo;
  private final long to;

  /**
   * Reads what the log holds of the gap.
   *
   * @param from events up to here were sent for certain
   * @param uncertainTo events up to here were perhaps sent
   * @param to where the gap ends
   */
  Gap(EventLog log, long from, long uncertainTo, long to) {
    this.uncertainTo = uncertainTo;
    this.to = to;
    try (EventLog.Subscription events = log.subscribe(FILTERS, from)) {
      for (LoggedEvent event = next(events, Duration.ZERO);
          event != null && event.sequence() <= to;
          event = next(events, Duration.ZERO)) {
        note(event);
      }
    }
  }

  /** The next event; what the log has dropped is gone, which is told and no reason to end. */
  static @Nullable LoggedEvent next(EventLog.Subscription events, Duration wait) {
    try {
      return events.next(wait);
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.OUT_OF_RANGE) {
        throw e;
      }
      LOG.log(
          Level.WARNING, "subscriber was away too long or reads too slowly: {0}", e.getMessage());
      return events.next(wait);
    }
  }

  private void note(LoggedEvent logged) {
    Namespace namespace = logged.namespace();
    switch (logged.event()) {
      case Event.TaskCreated e ->
          made.put(new Key(namespace, e.containerId(), e.containerId()), logged.sequence());
      case Event.TaskExecAdded e ->
          made.put(new Key(namespace, e.containerId(), e.execId()), logged.sequence());
      case Event.TaskDelete e ->
          deleted.put(new Key(namespace, e.containerId(), e.id()), logged.sequence());
      default -> {
        // A client may publish anything under these topics.
      }
    }
  }

  /** Whether an event is still to be sent. */
  boolean tells(LoggedEvent logged) {
    if (logged.sequence() > to || !(logged.event() instanceof Event.TaskExit exit)) {
      return true;
    }
    Key process = new Key(logged.namespace(), exit.containerId(), exit.id());
    Key init = new Key(logged.namespace(), exit.containerId(), exit.containerId());
    boolean followed = later(made, process, logged) || later(made, init, logged);
    boolean seen = logged.sequence() <= uncertainTo && later(deleted, process, logged);
    return !followed && !seen;
  }

  private static boolean later(Map<Key, Long> happened, Key key, LoggedEvent logged) {
    return happened.getOrDefault(key, 0L) > logged.sequence();
  }
}
