package org.felucca.api.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceTest {
  private static List<String> names(Trace trace) {
    return trace.steps().stream().map(Trace.Step::name).toList();
  }

  @Test
  void mark_outsideOfATrace_isForgotten() throws Exception {
    Trace.mark("before");
    Trace trace = new Trace();
    assertEquals(
        7,
        trace.during(
            () -> {
              Trace.mark("one");
              Trace.mark("two");
              return 7;
            }));
    Trace.mark("after");
    assertEquals(List.of("one", "two"), names(trace));
  }

  @Test
  void later_inAnotherThread_isWaitedForAndTraced() throws Exception {
    Trace trace = new Trace();
    Runnable work = trace.during(() -> Trace.later(() -> Trace.mark("late")));
    assertFalse(trace.await(Duration.ZERO));
    Thread thread = Thread.ofPlatform().start(work);
    assertTrue(trace.await(Duration.ofSeconds(60)));
    thread.join();
    assertEquals(List.of("late"), names(trace));
  }

  @Test
  void later_outsideOfATrace_isTheWorkItself() {
    Runnable work = () -> {};
    assertSame(work, Trace.later(work));
  }

  @Test
  void steps_ofSeveralThreads_areInTheOrderOfTime() {
    Trace trace = new Trace();
    trace.add("second", 20);
    trace.add("first", 10);
    assertEquals(List.of("first", "second"), names(trace));
  }
}
