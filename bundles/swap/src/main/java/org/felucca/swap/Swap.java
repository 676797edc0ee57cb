package org.felucca.swap;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.swap.Failures.Reason;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;

/**
 * The way to a service that may be replaced at any moment.
 *
 * <p>Each use goes to the provider with the highest ranking at that moment. A use within a use of
 * the same thread stays with the provider that it is in, also while that one is being drained, so
 * it can't wait for itself. A use that causes its own provider to go (on its own thread) is not
 * waited for.
 *
 * <p>Not for references between parts: a tracker further in hears of a departure too late, and
 * waiting there can deadlock.
 *
 * @param <T> the type of the service
 */
public final class Swap<T> implements AutoCloseable {
  /** How long a use waits for a provider unless told otherwise. */
  public static final Duration WAIT = Duration.ofSeconds(10);

  /** How long a departing provider waits for the uses inside before they are cancelled. */
  public static final Duration DRAIN = Duration.ofSeconds(2);

  /** How long cancelled uses get to come out, before the provider goes under their feet. */
  private static final Duration GRACE = Duration.ofMillis(500);

  /** How often a provider is asked again that is registered but can't give its object yet. */
  private static final Duration RETRY = Duration.ofMillis(20);

  private static final Logger LOG = Logger.getLogger(Swap.class.getName());

  private final Class<T> type;
  private final Duration wait;
  private final Duration drain;
  private final Failures failures;
  private final ServiceTracker<T, Provider<T>> tracker;

  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when a provider comes, goes or changes, when a visit ends, and on closing. */
  private final Condition changed = lock.newCondition();

  private final List<Provider<T>> providers = new ArrayList<>();

  /** The innermost visit of each thread that is inside. */
  private final Map<Thread, Visit<T>> inside = new HashMap<>();

  /** The visits that belong to no thread. */
  private final Set<Visit<T>> held = new HashSet<>();

  private boolean closed;
  private long closeDeadline;

  /** The bundle whose services went last, and since when they go: they share one drain. */
  private long drained = -1;

  private long drainedSince;

  /** All services of a type, with the usual waiting times. */
  public Swap(BundleContext context, Class<T> type, Failures failures) {
    this(context, type, null, WAIT, DRAIN, failures);
  }

  /**
   * Begins to watch. The providers that are there already can be used when this returns.
   *
   * @param context of the bundle that uses
   * @param filter an LDAP filter that providers must match as well, or null
   * @param wait how long a use waits for a provider
   * @param drain how long a departing provider waits for the uses inside
   * @param failures makes the exceptions that {@link #use} throws
   * @throws IllegalArgumentException if the filter does not parse
   */
  public Swap(
      BundleContext context,
      Class<T> type,
      @Nullable String filter,
      Duration wait,
      Duration drain,
      Failures failures) {
    this.type = type;
    this.wait = wait;
    this.drain = drain;
    this.failures = failures;
    String ofType = "(" + Constants.OBJECTCLASS + "=" + type.getName() + ")";
    try {
      this.tracker =
          new ServiceTracker<>(
              context,
              FrameworkUtil.createFilter(filter == null ? ofType : "(&" + ofType + filter + ")"),
              new Watcher(context));
    } catch (InvalidSyntaxException e) {
      throw new IllegalArgumentException("filter " + filter + " does not parse", e);
    }
    tracker.open();
  }

  /**
   * Uses the best provider; waits for one as long as this swap was told.
   *
   * @return what the use returns
   * @throws E what the use throws
   * @throws RuntimeException of the {@link Failures}, if there is no provider or it had to go
   */
  public <R, E extends Exception> R use(Use<? super T, R, E> use) throws E {
    return use(reference -> true, wait, use);
  }

  /**
   * Uses the best provider among those that a predicate accepts.
   *
   * @param which looks at the service properties; called often, and under a lock
   * @param patience how long to wait for one
   */
  public <R, E extends Exception> R use(
      Predicate<? super ServiceReference<T>> which, Duration patience, Use<? super T, R, E> use)
      throws E {
    return visit(which, patience, false, use);
  }

  /**
   * Uses the best provider for long, as those do who follow a log or wait for events: a departing
   * provider does not wait for this use but cancels it at once. The caller then follows again from
   * where it was.
   *
   * @throws RuntimeException of the {@link Failures}, REPLACED when the provider had to go
   */
  public <R, E extends Exception> R follow(Use<? super T, R, E> use) throws E {
    return visit(reference -> true, wait, true, use);
  }

  /**
   * Enters the best provider among those that a predicate accepts, for a use that stays on no one
   * thread, such as a call that is made of callbacks.
   *
   * @param which looks at the service properties; called often, and under a lock
   * @param patience how long to wait for one
   * @param cancel is run once if the hold is still open when the provider has to go and its drain
   *     is over; it ends the use and returns at once
   * @return to be closed when the use is over
   * @throws RuntimeException of the {@link Failures}, if there is no provider
   */
  public Hold<T> hold(
      Predicate<? super ServiceReference<T>> which, Duration patience, Runnable cancel) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Visit<T> visit;
      lock.lock();
      try {
        visit = new Visit<>(await(which, deadline, null), cancel);
        held.add(visit);
      } finally {
        lock.unlock();
      }
      T service = visit.provider.service();
      if (service != null) {
        return new Hold<>(visit.provider, service, () -> release(visit));
      }
      release(visit);
      pause(deadline);
    }
  }

  private void release(Visit<T> visit) {
    lock.lock();
    try {
      if (held.remove(visit)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private <R, E extends Exception> R visit(
      Predicate<? super ServiceReference<T>> which,
      Duration patience,
      boolean follower,
      Use<? super T, R, E> use)
      throws E {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Visit<T> visit = enter(which, deadline, follower);
      R result;
      try {
        T service = visit.provider.service();
        if (service == null) {
          leave(visit);
          pause(deadline);
          continue;
        }
        result = use.with(service);
      } catch (Error e) {
        leave(visit);
        throw e;
      } catch (Exception e) {
        if (leave(visit)) {
          throw failures.failure(Reason.REPLACED, name() + " is being replaced; try again", e);
        }
        throw e;
      }
      leave(visit);
      return result;
    }
  }

  /** The service properties of the providers that are there now, the best first. */
  public List<ServiceReference<T>> references() {
    lock.lock();
    try {
      return providers.stream()
          .filter(provider -> provider.open)
          .map(provider -> provider.reference)
          .sorted(Comparator.reverseOrder())
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets nobody in any more, drains every provider and stops watching. Those who wait fail at once.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      closeDeadline = System.nanoTime() + drain.toNanos();
      providers.forEach(provider -> provider.open = false);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tracker.close();
  }

  private Visit<T> enter(
      Predicate<? super ServiceReference<T>> which, long deadline, boolean follower) {
    lock.lock();
    try {
      Visit<T> outer = inside.get(Thread.currentThread());
      Visit<T> visit = new Visit<>(await(which, deadline, outer), outer, follower);
      inside.put(Thread.currentThread(), visit);
      return visit;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a provider, under the lock. */
  private Provider<T> await(
      Predicate<? super ServiceReference<T>> which, long deadline, @Nullable Visit<T> outer) {
    try {
      while (true) {
        Provider<T> provider = choose(which, outer);
        if (provider != null) {
          return provider;
        }
        if (closed) {
          throw failures.failure(
              Reason.CLOSED, name() + " can't be used: its user is being stopped", null);
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw missing();
        }
        long ignored = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private @Nullable Provider<T> choose(
      Predicate<? super ServiceReference<T>> which, @Nullable Visit<T> outer) {
    for (Visit<T> visit = outer; visit != null; visit = visit.outer) {
      if (!visit.provider.gone && which.test(visit.provider.reference)) {
        if (visit.cancelled) {
          throw failures.failure(Reason.REPLACED, name() + " is being replaced; try again", null);
        }
        return visit.provider;
      }
    }
    Provider<T> best = null;
    for (Provider<T> provider : providers) {
      if (provider.open
          && which.test(provider.reference)
          && (best == null || provider.reference.compareTo(best.reference) > 0)) {
        best = provider;
      }
    }
    return best;
  }

  /**
   * Returns whether the visit was cancelled; the interrupt that cancelled it is then taken back.
   */
  private boolean leave(Visit<T> visit) {
    lock.lock();
    try {
      Thread thread = Thread.currentThread();
      if (visit.outer == null) {
        inside.remove(thread);
      } else {
        inside.put(thread, visit.outer);
      }
      changed.signalAll();
      // A visit further out in the same provider still needs its interrupt.
      if (visit.cancelled && (visit.outer == null || !visit.outer.cancelled)) {
        Thread.interrupted();
      }
      return visit.cancelled;
    } finally {
      lock.unlock();
    }
  }

  /** A provider is registered but gives no object: that passes, or it goes. */
  private void pause(long deadline) {
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw missing();
    }
    try {
      Thread.sleep(Duration.ofNanos(Math.min(left, RETRY.toNanos())));
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private RuntimeException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return failures.failure(Reason.INTERRUPTED, "interrupted while waiting for " + name(), e);
  }

  private RuntimeException missing() {
    return failures.failure(
        Reason.MISSING, name() + " is not there: its bundle is missing, starting or stopped", null);
  }

  private void drain(Provider<T> provider) {
    boolean interrupted = false;
    lock.lock();
    try {
      provider.open = false;
      long deadline = closed ? closeDeadline : drainDeadline(provider.reference);
      othersIn(provider).stream().filter(visit -> visit.follower).forEach(Swap::cancel);
      interrupted = awaitEmpty(provider, deadline);
      List<Visit<T>> late = othersIn(provider);
      for (Visit<T> visit : late) {
        LOG.log(
            Level.WARNING,
            "use cancelled service={0} user={1}",
            new Object[] {type.getName(), visit.user});
        cancel(visit);
      }
      if (!late.isEmpty()) {
        interrupted |= awaitEmpty(provider, System.nanoTime() + GRACE.toNanos());
        for (Visit<T> visit : othersIn(provider)) {
          LOG.log(
              Level.WARNING,
              "use goes on without its provider service={0} user={1}",
              new Object[] {type.getName(), visit.user});
        }
      }
      provider.gone = true;
      providers.remove(provider);
      changed.signalAll();
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Services of one bundle go one after the other: they share the time of the first, but each has a
   * moment of its own.
   */
  private long drainDeadline(ServiceReference<T> reference) {
    long now = System.nanoTime();
    Bundle bundle = reference.getBundle();
    long id = bundle == null ? -1 : bundle.getBundleId();
    if (id < 0 || id != drained || now - drainedSince > 2 * drain.toNanos()) {
      drained = id;
      drainedSince = now;
    }
    return Math.max(drainedSince + drain.toNanos(), now + drain.toNanos() / 10);
  }

  private static void cancel(Visit<?> visit) {
    visit.cancelled = true;
    visit.cancel.run();
  }

  /**
   * Waits until nobody else is inside; returns whether the waiting thread was interrupted
   * meanwhile.
   */
  private boolean awaitEmpty(Provider<T> provider, long deadline) {
    boolean interrupted = false;
    while (!othersIn(provider).isEmpty()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        break;
      }
      try {
        long ignored = changed.awaitNanos(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return interrupted;
  }

  private List<Visit<T>> othersIn(Provider<T> provider) {
    List<Visit<T>> visits = new ArrayList<>();
    inside.forEach(
        (thread, innermost) -> {
          if (thread != Thread.currentThread()) {
            for (Visit<T> visit = innermost; visit != null; visit = visit.outer) {
              if (visit.provider == provider) {
                visits.add(visit);
              }
            }
          }
        });
    held.stream().filter(visit -> visit.provider == provider).forEach(visits::add);
    return visits;
  }

  private String name() {
    return "the service " + type.getSimpleName();
  }

  /** Hears of providers from the framework, synchronously. */
  private final class Watcher implements ServiceTrackerCustomizer<T, Provider<T>> {
    private final BundleContext context;

    Watcher(BundleContext context) {
      this.context = context;
    }

    @Override
    public Provider<T> addingService(ServiceReference<T> reference) {
      Provider<T> provider = new Provider<>(context, reference);
      lock.lock();
      try {
        provider.open = !closed;
        providers.add(provider);
        if (reference.getBundle().getBundleId() == drained) {
          drained = -1;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
      return provider;
    }

    @Override
    public void modifiedService(ServiceReference<T> reference, Provider<T> provider) {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void removedService(ServiceReference<T> reference, Provider<T> provider) {
      drain(provider);
      provider.release();
    }
  }
}
