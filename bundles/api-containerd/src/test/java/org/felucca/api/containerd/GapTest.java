package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.felucca.api.Namespace;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.task.ProcessIo;
import org.felucca.oci.filter.Filters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GapTest {
  private static final Namespace MOBY = new Namespace("moby");

  /** A log in memory, the first event of which has number 1. */
  private static final class TestingLog implements EventLog {
    private final List<LoggedEvent> events = new ArrayList<>();

    @Override
    public LoggedEvent publish(@Nullable Namespace namespace, Event event) {
      LoggedEvent logged = new LoggedEvent(events.size() + 1L, Instant.EPOCH, namespace, event);
      events.add(logged);
      return logged;
    }

    @Override
    public long position() {
      return events.size();
    }

    @Override
    public Subscription subscribe(List<String> filters, long after) {
      var filter = Filters.parseAll(filters);
      Iterator<LoggedEvent> rest =
          events.stream()
              .filter(e -> e.sequence() > after)
              .filter(
                  e ->
                      filter.test(
                          path ->
                              path.equals(List.of("topic"))
                                  ? java.util.Optional.of(e.event().topic())
                                  : java.util.Optional.empty()))
              .toList()
              .iterator();
      return new Subscription() {
        @Override
        public @Nullable LoggedEvent next(Duration wait) {
          return rest.hasNext() ? rest.next() : null;
        }

        @Override
        public void close() {}
      };
    }
  }

  private final TestingLog log = new TestingLog();

  private void created(String container) {
    log.publish(MOBY, new Event.TaskCreated(container, "/b", List.of(), ProcessIo.NONE, "", 5));
  }

  private void exited(String container, String id) {
    log.publish(MOBY, new Event.TaskExit(container, id, 5, 0, Instant.EPOCH));
  }

  private void deleted(String container, String id) {
    log.publish(MOBY, new Event.TaskDelete(container, id, 5, 0, Instant.EPOCH));
  }

  /** The numbers of those that are still told. */
  private List<Long> told(long from, long uncertainTo, long to) {
    Gap gap = new Gap(log, from, uncertainTo, to);
    return log.events.stream()
        .filter(e -> e.sequence() > from)
        .filter(gap::tells)
        .map(LoggedEvent::sequence)
        .toList();
  }

  @Test
  void tells_anExitThatWasMissed() {
    created("c");
    exited("c", "c");
    deleted("c", "c");
    assertEquals(List.of(2L, 3L), told(1, 1, 3));
  }

  @Test
  void tells_noExitBehindWhichTheIdWasUsedAgain() {
    exited("c", "c");
    deleted("c", "c");
    created("c");
    exited("c", "c");
    assertEquals(List.of(2L, 3L, 4L), told(0, 0, 4));
  }

  @Test
  void tells_noExitOfAProcessWhoseContainerOrIdIsNew() {
    exited("c", "x");
    log.publish(MOBY, new Event.TaskExecAdded("c", "x"));
    exited("c", "y");
    exited("d", "z");
    created("d");
    assertEquals(List.of(2L, 3L, 5L), told(0, 0, 5));
  }

  @Test
  void tells_exitsOfOtherNamespaces() {
    exited("c", "c");
    log.publish(
        new Namespace("other"), new Event.TaskCreated("c", "/b", List.of(), ProcessIo.NONE, "", 5));
    assertEquals(List.of(1L, 2L), told(0, 0, 2));
  }

  @Test
  void tells_whatWasPerhapsSent_unlessItsReceiverDeletedTheProcess() {
    exited("c", "c");
    exited("d", "d");
    deleted("c", "c");
    assertEquals(List.of(2L, 3L), told(0, 2, 3));
    assertEquals(List.of(1L, 2L, 3L), told(0, 0, 3));
  }

  @Test
  void tells_allThatComesBehindTheGap() {
    exited("c", "c");
    created("c");
    assertEquals(List.of(1L, 2L), told(0, 0, 1));
  }
}
