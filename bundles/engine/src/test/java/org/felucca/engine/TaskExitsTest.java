package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.task.Exit;
import org.felucca.api.task.ProcessIo;
import org.felucca.api.task.TaskStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskExitsTest {
  /** Keeps what is published. */
  private static final class Published implements EventLog {
    final List<Event> events = new ArrayList<>();

    @Override
    public synchronized LoggedEvent publish(@Nullable Namespace namespace, Event event) {
      events.add(event);
      return new LoggedEvent(events.size(), Instant.EPOCH, namespace, event);
    }

    @Override
    public long position() {
      return events.size();
    }

    @Override
    public Subscription subscribe(List<String> filters, long after) {
      Iterator<Event> rest = List.copyOf(events.subList((int) after, events.size())).iterator();
      return new Subscription() {
        @Override
        public @Nullable LoggedEvent next(Duration wait) {
          return rest.hasNext()
              ? new LoggedEvent(1, Instant.EPOCH, KEY.namespace(), rest.next())
              : null;
        }

        @Override
        public void close() {}
      };
    }
  }

  private static final Exit SEVEN = new Exit(7, Instant.parse("2026-11-24T13:00:00Z"));
  private static final TaskKey KEY = new TaskKey(Namespace.DEFAULT, new ContainerId("one"));

  @TempDir Path folder;
  private final Published log = new Published();
  private TaskExits exits;
  private TrackedTask task;
  private TrackedProcess process;

  @BeforeEach
  void create() {
    exits = new TaskExits(log, new EnginePaths(folder, folder, folder));
    task = new TrackedTask(KEY, "", "runc", null);
    process = task.add("", 42, TaskStatus.RUNNING, ProcessIo.NONE);
  }

  @Test
  void ended_byEventAndByWait_isToldOnce() {
    exits.ended(task, "", 42, SEVEN);
    exits.ended(task, process, SEVEN);

    assertEquals(1, log.events.size());
    assertEquals(SEVEN, process.ended.join());
    assertEquals(TaskStatus.STOPPED, task.state("").status());
    assertTrue(exits.wasTold(KEY, ""));
  }

  @Test
  void wasTold_killedBeforeTheLogHadIt_isToldAgain() {
    exits.ended(task, process, SEVEN);
    log.events.clear();
    assertFalse(exits.wasTold(KEY, ""));

    TrackedProcess exec = task.add("exec", 43, TaskStatus.RUNNING, ProcessIo.NONE);
    exits.ended(task, exec, SEVEN);
    assertTrue(exits.wasTold(KEY, "exec"));
    assertFalse(exits.wasTold(KEY, ""), "that was another process");
  }

  @Test
  void ended_whileTheStartIsOnItsWay_isToldAfterIt() {
    process.starting = true;
    exits.ended(task, process, SEVEN);
    assertEquals(List.of(), log.events);
    assertFalse(process.ended.isDone());

    exits.started(task, process);
    assertEquals(1, log.events.size());
    assertTrue(process.ended.isDone());
  }

  @Test
  void ended_ofAnEarlierProcessOfThatId_isNotTaken() {
    exits.ended(task, "", 41, SEVEN);
    exits.ended(task, "other", 42, SEVEN);
    assertEquals(TaskStatus.RUNNING, task.state("").status());
    assertEquals(List.of(), log.events);
  }

  @Test
  void knownToAll_toldByAnEarlierEngine_isNotToldAgain() {
    exits.knownToAll(task, process, SEVEN);
    exits.ended(task, process, SEVEN);
    assertEquals(List.of(), log.events);
    assertEquals(SEVEN, process.ended.join());
  }

  @Test
  void forget_takesTheMarksAway() {
    exits.ended(task, process, SEVEN);
    exits.deleted(KEY);
    assertTrue(exits.wasDeleted(KEY));
    exits.forget(KEY);
    assertFalse(exits.wasDeleted(KEY));
    assertFalse(exits.wasTold(KEY, ""));
  }
}
