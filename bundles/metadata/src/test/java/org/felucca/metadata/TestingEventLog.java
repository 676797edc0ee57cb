package org.felucca.metadata;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;

/** Remembers what was published. */
final class TestingEventLog implements EventLog {

  volatile Runnable onPublish = () -> {};
  final List<LoggedEvent> published = new CopyOnWriteArrayList<>();

  @Override
  public synchronized LoggedEvent publish(Namespace namespace, Event event) {
    onPublish.run();
    LoggedEvent logged = new LoggedEvent(published.size() + 1L, Instant.now(), namespace, event);
    published.add(logged);
    return logged;
  }

  List<Event> events() {
    return published.stream().map(LoggedEvent::event).toList();
  }

  @Override
  public long position() {
    return published.size();
  }

  @Override
  public Subscription subscribe(List<String> filters, long after) {
    throw new UnsupportedOperationException();
  }
}
