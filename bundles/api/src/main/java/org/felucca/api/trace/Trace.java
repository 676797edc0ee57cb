package org.felucca.api.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The steps of one call and of what it left to others, with the time of each. Thread-safe. */
public final class Trace {
  private static final ScopedValue<Trace> HERE = ScopedValue.newInstance();

  /**
   * Something that was done.
   *
   * @param name what, in the past tense
   * @param at {@link System#nanoTime} when it was done
   */
  public record Step(String name, long at) {}

  private final List<Step> steps = new ArrayList<>();
  private int pending;

  /**
   * Does something that is traced.
   *
   * @return what the work returns
   */
  public <T> T during(Callable<? extends T> work) throws Exception {
    return ScopedValue.where(HERE, this).call(work::call);
  }

  /** Says that something has just been done, if the calling thread is traced. */
  public static void mark(String name) {
    if (HERE.isBound()) {
      HERE.get().add(name, System.nanoTime());
    }
  }

  /**
   * Work that another thread will do for this call, traced as this thread is. {@link #await} waits
   * for its end, so it must be run.
   */
  public static Runnable later(Runnable work) {
    if (!HERE.isBound()) {
      return work;
    }
    Trace trace = HERE.get();
    trace.pend(1);
    return () -> {
      try {
        ScopedValue.where(HERE, trace).run(work);
      } finally {
        trace.pend(-1);
      }
    };
  }

  /** As {@link #later(Runnable)}, for what waits for a future, which must be completed. */
  public static <A extends @Nullable Object, B extends @Nullable Object> BiConsumer<A, B> laterWith(
      BiConsumer<A, B> work) {
    if (!HERE.isBound()) {
      return work;
    }
    Trace trace = HERE.get();
    trace.pend(1);
    return (one, other) -> {
      try {
        ScopedValue.where(HERE, trace).run(() -> work.accept(one, other));
      } finally {
        trace.pend(-1);
      }
    };
  }

  /** Adds a step. */
  public synchronized void add(String name, long at) {
    steps.add(new Step(name, at));
  }

  private synchronized void pend(int more) {
    pending += more;
    notifyAll();
  }

  /**
   * Waits until all that was left to others is done.
   *
   * @return false if some of it is not, after this time
   */
  public synchronized boolean await(Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (pending > 0) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** What was done so far, in the order of time. */
  public synchronized List<Step> steps() {
    return steps.stream().sorted((one, other) -> Long.compare(one.at - other.at, 0)).toList();
  }
}
