package org.felucca.api.event;

import java.time.Duration;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** The one log of events. A leaf: it calls nobody. */
@ProviderType
public interface EventLog {
  /**
   * Adds an event. Never waits for a subscriber.
   *
   * @param namespace whose it is, or null for the whole engine
   * @return the event with its number
   */
  LoggedEvent publish(@Nullable Namespace namespace, Event event);

  /** The number of the newest event; 0 if there never was one. */
  long position();

  /**
   * Subscribes to what matches one of the filters (all, if there is none), of all namespaces.
   *
   * @param after only events with greater numbers; events that the log still holds are delivered
   *     first; pass {@link #position} for only new ones, 0 for all that are held
   * @throws EngineException INVALID_ARGUMENT for a filter that does not parse
   */
  Subscription subscribe(List<String> filters, long after);

  /** One reader's queue. It is not bounded by others: a slow reader holds back nobody. */
  interface Subscription extends AutoCloseable {
    /**
     * The next event.
     *
     * @param wait how long to wait for it
     * @return the event, or null if none came in time
     * @throws EngineException UNAVAILABLE when the log is being replaced (subscribe again after the
     *     last number); OUT_OF_RANGE, once, if events after the reader's position were dropped, or
     *     its position is of another log (the next call goes on with the oldest event that is
     *     held); CANCELLED on interruption
     */
    @Nullable LoggedEvent next(Duration wait);

    @Override
    void close();
  }
}
