package org.felucca.shell.verb;

import java.time.Duration;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.shell.session.Services;
import org.jline.reader.LineReader;
import org.jspecify.annotations.Nullable;

/** Tells someone at the prompt which bundles come and go. */
final class BundleNews implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final List<String> FILTER = List.of("topic==/felucca/bundle");

  private final Services services;
  private final LineReader reader;
  private final Thread thread;
  private long last = -1;

  BundleNews(Services services, LineReader reader) {
    this.services = services;
    this.reader = reader;
    this.thread = Thread.ofVirtual().name("felucca-bundle-news").start(this::run);
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    boolean going = true;
    while (going && !Thread.currentThread().isInterrupted()) {
      try {
        going = services.events().follow(this::follow);
      } catch (EngineException e) {
        going = e.kind() == ErrorKind.UNAVAILABLE;
      }
    }
  }

  private boolean follow(EventLog log) {
    if (last < 0) {
      last = log.position();
    }
    try (EventLog.Subscription subscription = log.subscribe(FILTER, last)) {
      while (true) {
        LoggedEvent event = next(subscription);
        if (event == null) {
          continue;
        }
        last = event.sequence();
        if (event.event() instanceof Event.BundleChanged change) {
          reader.printAbove(text(change));
        }
      }
    }
  }

  private static @Nullable LoggedEvent next(EventLog.Subscription subscription) {
    try {
      return subscription.next(PATIENCE);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.OUT_OF_RANGE) {
        // Old news are missed by nobody.
        return null;
      }
      throw e;
    }
  }

  static String text(Event.BundleChanged change) {
    String what =
        change.runtime() == null
            ? "bundle " + change.symbolicName()
            : "runtime " + change.runtime() + " (bundle " + change.symbolicName() + ")";
    long left = change.untouched();
    return "%s %s %s: %d running container%s left untouched"
        .formatted(what, change.version(), change.change(), left, left == 1 ? "" : "s");
  }
}
