package org.felucca.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.swap.Failures.Reason;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceFactory;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;

/** In a real framework, with real bundles on both sides. */
@Timeout(30)
class SwapTest {
  private static final Duration WAIT = Duration.ofSeconds(5);
  private static final Duration SHORT = Duration.ofMillis(300);

  private static @TempDir Path cache;
  private static Framework framework;
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private Bundle provider;
  private Bundle user;
  private Swap<Supplier<String>> swap;

  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final transient Reason reason;

    Failed(Reason reason, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.reason = reason;
    }
  }

  @BeforeAll
  static void startFramework() throws BundleException {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    cache.toString(),
                    Constants.FRAMEWORK_STORAGE_CLEAN,
                    "onFirstInit"));
    framework.start();
  }

  @AfterAll
  static void stopFramework() throws Exception {
    framework.stop();
    framework.waitForStop(5000);
  }

  @BeforeEach
  void startBundles() throws Exception {
    provider = bundle("provider");
    user = bundle("user");
    swap = open(WAIT, SHORT);
  }

  @AfterEach
  void end() throws Exception {
    threads.shutdownNow();
    swap.close();
    provider.uninstall();
    user.uninstall();
    assertFalse(Thread.interrupted(), "a test left its thread interrupted");
  }

  @Test
  void use_providerIsThere_returnsItsAnswer() {
    register("a", 0);

    assertEquals("a", swap.use(Supplier::get));
  }

  @Test
  void use_severalProviders_takesTheHighestRanking() {
    register("low", 1);
    ServiceRegistration<?> high = register("high", 5);
    register("middle", 3);

    assertEquals("high", swap.use(Supplier::get));
    high.unregister();
    assertEquals("middle", swap.use(Supplier::get));
  }

  @Test
  void use_betterProviderComesMeanwhile_newUsesGoToItAndTheOldOneFinishes() throws Exception {
    register("old", 0);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    Future<String> running =
        threads.submit(
            () ->
                swap.use(
                    service -> {
                      inside.countDown();
                      finish.await();
                      return service.get();
                    }));
    inside.await();

    register("new", 1);

    assertEquals("new", swap.use(Supplier::get));
    finish.countDown();
    assertEquals("old", running.get());
  }

  @Test
  void use_rankingChanges_followsIt() {
    ServiceRegistration<?> a = register("a", 1);
    register("b", 2);
    assertEquals("b", swap.use(Supplier::get));

    a.setProperties(new Hashtable<>(Map.of(Constants.SERVICE_RANKING, 3)));

    assertEquals("a", swap.use(Supplier::get));
  }

  @Test
  void use_noProvider_waitsForOneToCome() throws Exception {
    Future<String> waiting = threads.submit(() -> swap.<String, Exception>use(Supplier::get));
    assertThrows(TimeoutException.class, () -> waiting.get(100, TimeUnit.MILLISECONDS));

    register("late", 0);

    assertEquals("late", waiting.get(2, TimeUnit.SECONDS));
  }

  @Test
  void use_noProviderComes_failsAfterTheGivenTime() {
    try (Swap<Supplier<String>> impatient = open(Duration.ofMillis(150), SHORT)) {
      long start = System.nanoTime();

      Failed failed = assertThrows(Failed.class, () -> impatient.use(Supplier::get));

      assertEquals(Reason.MISSING, failed.reason);
      assertTrue(failed.getMessage().contains("Supplier"), failed.getMessage());
      long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
      assertTrue(took >= 150 && took < 2000, took + " ms");
    }
  }

  @Test
  void use_waitingThreadIsInterrupted_failsAndKeepsTheInterrupt() throws Exception {
    CompletableFuture<Boolean> status = new CompletableFuture<>();
    Thread waiter =
        Thread.ofVirtual()
            .start(
                () -> {
                  Failed failed = assertThrows(Failed.class, () -> swap.use(Supplier::get));
                  status.complete(
                      failed.reason == Reason.INTERRUPTED
                          && Thread.currentThread().isInterrupted());
                });

    waiter.interrupt();

    assertTrue(status.get(2, TimeUnit.SECONDS));
  }

  @Test
  void use_choice_takesOnlyWhatFits() {
    register("a", 5);
    register("b", 0);

    assertEquals("b", swap.use(named("b"), WAIT, Supplier::get));
    Failed failed =
        assertThrows(Failed.class, () -> swap.use(named("c"), Duration.ZERO, Supplier::get));
    assertEquals(Reason.MISSING, failed.reason);
  }

  @Test
  void use_throws_passesTheExceptionOnAndCountsOut() {
    ServiceRegistration<?> registration = register("a", 0);
    IOException thrown = new IOException("disk");

    IOException seen =
        assertThrows(
            IOException.class,
            () ->
                swap.use(
                    service -> {
                      throw thrown;
                    }));

    assertSame(thrown, seen);
    long start = System.nanoTime();
    registration.unregister();
    assertTrue(System.nanoTime() - start < SHORT.toNanos(), "somebody was waited for");
  }

  @Test
  void departure_useInside_isWaitedForWhileNobodyNewComesIn() throws Exception {
    try (Swap<Supplier<String>> patient = open(Duration.ofMillis(50), Duration.ofSeconds(5))) {
      ServiceRegistration<?> registration = register("a", 0);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch finish = new CountDownLatch(1);
      AtomicBoolean intact = new AtomicBoolean();
      Future<String> running =
          threads.submit(
              () ->
                  patient.use(
                      service -> {
                        inside.countDown();
                        finish.await();
                        intact.set(registration.getReference().getBundle() != null);
                        return service.get();
                      }));
      inside.await();
      Future<?> departure = threads.submit(registration::unregister);
      assertThrows(TimeoutException.class, () -> departure.get(100, TimeUnit.MILLISECONDS));

      Failed failed = assertThrows(Failed.class, () -> patient.use(Supplier::get));
      assertEquals(Reason.MISSING, failed.reason);
      finish.countDown();

      assertEquals("a", running.get());
      departure.get(2, TimeUnit.SECONDS);
    }
  }

  @Test
  void departure_useHangs_isCancelledAndFailsAsReplaced() throws Exception {
    ServiceRegistration<?> registration = register("a", 0);
    CountDownLatch inside = new CountDownLatch(1);
    CompletableFuture<Boolean> interruptLeft = new CompletableFuture<>();
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    threads.submit(
        () -> {
          try {
            swap.use(
                service -> {
                  inside.countDown();
                  Thread.sleep(60_000);
                  return service.get();
                });
          } catch (Exception e) {
            interruptLeft.complete(Thread.currentThread().isInterrupted());
            failure.complete(e);
          }
        });
    inside.await();
    long start = System.nanoTime();

    registration.unregister();

    long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
    Failed failed = assertInstanceOf(Failed.class, failure.get(2, TimeUnit.SECONDS));
    assertEquals(Reason.REPLACED, failed.reason);
    assertInstanceOf(InterruptedException.class, failed.getCause());
    assertFalse(interruptLeft.get(), "the drain's interrupt outlived the use");
    assertTrue(took >= SHORT.toMillis() && took < 2000, took + " ms");
  }

  @Test
  void departure_followerInside_makesWayAtOnceAndFollowsTheNext() throws Exception {
    try (Swap<Supplier<String>> patient = open(WAIT, Duration.ofSeconds(20))) {
      ServiceRegistration<?> registration = register("old", 0);
      CountDownLatch inside = new CountDownLatch(1);
      Future<String> following =
          threads.submit(
              () -> {
                try {
                  return patient.follow(
                      service -> {
                        inside.countDown();
                        Thread.sleep(60_000);
                        return service.get();
                      });
                } catch (Failed e) {
                  return e.reason + " " + patient.follow(Supplier::get);
                }
              });
      inside.await();
      long start = System.nanoTime();

      registration.unregister();

      assertTrue(Duration.ofNanos(System.nanoTime() - start).toSeconds() < 2);
      register("new", 0);
      assertEquals("REPLACED new", following.get(2, TimeUnit.SECONDS));
    }
  }

  @Test
  void departure_useIgnoresItsInterrupt_goesOnAfterABoundedTime() throws Exception {
    ServiceRegistration<?> registration = register("a", 0);
    CountDownLatch inside = new CountDownLatch(1);
    AtomicBoolean finish = new AtomicBoolean();
    Future<String> stubborn =
        threads.submit(
            () ->
                swap.use(
                    service -> {
                      inside.countDown();
                      while (!finish.get()) {
                        Thread.onSpinWait();
                      }
                      return "done anyway";
                    }));
    inside.await();
    long start = System.nanoTime();

    registration.unregister();

    assertTrue(Duration.ofNanos(System.nanoTime() - start).toSeconds() < 3);
    finish.set(true);
    assertEquals("done anyway", stubborn.get());
  }

  @Test
  void departure_otherProviderIsThere_itTakesOverAtOnce() throws Exception {
    ServiceRegistration<?> best = register("best", 5);
    register("second", 0);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch finish = new CountDownLatch(1);
    Future<String> running =
        threads.submit(
            () ->
                swap.use(
                    service -> {
                      inside.countDown();
                      finish.await();
                      return service.get();
                    }));
    inside.await();
    Future<?> departure = threads.submit(best::unregister);
    awaitReferences(1);

    assertEquals("second", swap.use(Supplier::get));

    finish.countDown();
    assertEquals("best", running.get());
    departure.get();
  }

  @Test
  void use_withinAUseOfADepartingProvider_staysInside() throws Exception {
    try (Swap<Supplier<String>> patient = open(WAIT, Duration.ofSeconds(5))) {
      ServiceRegistration<?> registration = register("a", 0);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      Future<String> running =
          threads.submit(
              () ->
                  patient.use(
                      service -> {
                        inside.countDown();
                        goOn.await();
                        return service.get() + patient.use(Supplier::get);
                      }));
      inside.await();
      Future<?> departure = threads.submit(registration::unregister);
      assertThrows(TimeoutException.class, () -> departure.get(100, TimeUnit.MILLISECONDS));

      goOn.countDown();

      assertEquals("aa", running.get(2, TimeUnit.SECONDS));
      departure.get(2, TimeUnit.SECONDS);
    }
  }

  @Test
  void use_withinACancelledUse_isNotLetInAgain() throws Exception {
    ServiceRegistration<?> registration = register("a", 0);
    CountDownLatch inside = new CountDownLatch(1);
    Future<String> running =
        threads.submit(
            () ->
                swap.use(
                    service -> {
                      inside.countDown();
                      try {
                        Thread.sleep(60_000);
                      } catch (InterruptedException e) {
                        return swap.use(Supplier::get);
                      }
                      return "not interrupted";
                    }));
    inside.await();

    registration.unregister();

    ExecutionException failed = assertThrows(ExecutionException.class, running::get);
    assertEquals(Reason.REPLACED, assertInstanceOf(Failed.class, failed.getCause()).reason);
  }

  @Test
  void departure_causedFromInside_doesNotWaitForItself() {
    ServiceRegistration<?> registration = register("a", 0);
    long start = System.nanoTime();

    String answer =
        swap.use(
            service -> {
              registration.unregister();
              register("b", 0);
              return service.get() + swap.use(Supplier::get);
            });

    assertEquals("ab", answer);
    assertTrue(System.nanoTime() - start < SHORT.toNanos(), "it waited for itself");
  }

  @Test
  void departure_byStoppingTheBundle_waitsForTheUseAndReturnsWithTheBundle() throws Exception {
    try (Swap<Supplier<String>> patient = open(WAIT, Duration.ofSeconds(5))) {
      register("first", 0);
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch finish = new CountDownLatch(1);
      AtomicInteger stateAtEnd = new AtomicInteger();
      Future<String> running =
          threads.submit(
              () ->
                  patient.use(
                      service -> {
                        inside.countDown();
                        finish.await();
                        stateAtEnd.set(provider.getState());
                        return service.get();
                      }));
      inside.await();
      Future<?> update =
          threads.submit(
              () -> {
                provider.stop();
                provider.start();
                register("second", 0);
                return null;
              });
      awaitReferences(0);
      Future<String> waiting = threads.submit(() -> patient.<String, Exception>use(Supplier::get));
      finish.countDown();

      assertEquals("first", running.get(2, TimeUnit.SECONDS));
      assertEquals(Bundle.STOPPING, stateAtEnd.get());
      assertEquals("second", waiting.get(2, TimeUnit.SECONDS));
      update.get();
    }
  }

  @Test
  void use_providerHasNoObjectYet_isAskedAgain() {
    AtomicInteger asked = new AtomicInteger();
    provider
        .getBundleContext()
        .registerService(
            type(),
            new ServiceFactory<Supplier<String>>() {
              @Override
              public @Nullable Supplier<String> getService(
                  Bundle bundle, ServiceRegistration<Supplier<String>> registration) {
                return asked.incrementAndGet() < 3 ? null : () -> "ready";
              }

              @Override
              public void ungetService(
                  Bundle bundle,
                  ServiceRegistration<Supplier<String>> registration,
                  Supplier<String> service) {}
            },
            null);

    assertEquals(0, asked.get(), "the object was made before anybody used it");
    assertEquals("ready", swap.use(Supplier::get));
    assertEquals(3, asked.get());
  }

  @Test
  void departure_providerIsGivenBackOnce() {
    AtomicInteger held = new AtomicInteger();
    ServiceRegistration<?> registration =
        provider
            .getBundleContext()
            .registerService(
                type(),
                new ServiceFactory<Supplier<String>>() {
                  @Override
                  public Supplier<String> getService(
                      Bundle bundle, ServiceRegistration<Supplier<String>> registration) {
                    held.incrementAndGet();
                    return () -> "x";
                  }

                  @Override
                  public void ungetService(
                      Bundle bundle,
                      ServiceRegistration<Supplier<String>> registration,
                      Supplier<String> service) {
                    held.decrementAndGet();
                  }
                },
                null);
    swap.use(Supplier::get);
    swap.use(Supplier::get);
    assertEquals(1, held.get());
    ServiceReference<?> reference = registration.getReference();

    registration.unregister();

    assertEquals(0, held.get());
    assertNull(reference.getBundle());
  }

  @Test
  void close_waitersFailAndUsesInsideAreDrained() throws Exception {
    register("a", 0);
    CountDownLatch inside = new CountDownLatch(1);
    Future<String> hanging =
        threads.submit(
            () ->
                swap.use(
                    service -> {
                      inside.countDown();
                      Thread.sleep(60_000);
                      return service.get();
                    }));
    Future<String> waiting = threads.submit(() -> swap.use(named("nobody"), WAIT, Supplier::get));
    inside.await();
    long start = System.nanoTime();

    swap.close();

    assertTrue(Duration.ofNanos(System.nanoTime() - start).toMillis() >= SHORT.toMillis());
    ExecutionException replaced = assertThrows(ExecutionException.class, hanging::get);
    assertEquals(Reason.REPLACED, assertInstanceOf(Failed.class, replaced.getCause()).reason);
    ExecutionException closed = assertThrows(ExecutionException.class, waiting::get);
    assertEquals(Reason.CLOSED, assertInstanceOf(Failed.class, closed.getCause()).reason);
    assertEquals(Reason.CLOSED, assertThrows(Failed.class, () -> swap.use(Supplier::get)).reason);
  }

  @Test
  void close_severalHangingProviders_shareOneDeadline() throws Exception {
    CountDownLatch inside = new CountDownLatch(4);
    for (String name : new String[] {"a", "b", "c", "d"}) {
      register(name, 0);
      threads.submit(
          () ->
              swap.use(
                  named(name),
                  WAIT,
                  service -> {
                    inside.countDown();
                    Thread.sleep(60_000);
                    return service.get();
                  }));
    }
    inside.await();
    long start = System.nanoTime();

    swap.close();

    long took = Duration.ofNanos(System.nanoTime() - start).toMillis();
    assertTrue(took < 2 * SHORT.toMillis(), took + " ms");
  }

  @Test
  void references_manyProviders_areSortedByRanking() {
    register("a", 1);
    register("b", 2);

    assertEquals(
        "[b, a]",
        swap.references().stream()
            .map(reference -> reference.getProperty("name"))
            .toList()
            .toString());
  }

  @Test
  void open_filterDoesNotParse_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Swap<>(user.getBundleContext(), Supplier.class, "(", WAIT, SHORT, Failed::new));
  }

  @Test
  void open_filter_hidesOthers() {
    register("a", 9);
    register("b", 0);
    try (Swap<Supplier<String>> filtered =
        new Swap<>(user.getBundleContext(), type(), "(name=b)", WAIT, SHORT, Failed::new)) {
      assertEquals("b", filtered.use(Supplier::get));
      assertEquals(1, filtered.references().size());
    }
  }

  @Test
  void use_manyThreadsWhileProvidersComeAndGo_noneFailsAndNoneMeetsADeadOne() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger uses = new AtomicInteger();
    Future<?>[] users = new Future<?>[8];
    for (int i = 0; i < users.length; i++) {
      users[i] =
          threads.submit(
              () -> {
                while (!stop.get()) {
                  assertEquals("alive", swap.use(Supplier::get));
                  uses.incrementAndGet();
                  Thread.sleep(0, 200_000);
                }
                return null;
              });
    }
    for (int i = 0; i < 100; i++) {
      AtomicBoolean alive = new AtomicBoolean(true);
      ServiceRegistration<?> registration =
          provider
              .getBundleContext()
              .registerService(
                  type(), (Supplier<String>) () -> alive.get() ? "alive" : "dead", null);
      Thread.sleep(3);
      registration.unregister();
      alive.set(false);
    }
    register("alive", 0);
    stop.set(true);
    for (Future<?> each : users) {
      each.get(5, TimeUnit.SECONDS);
    }
    assertTrue(uses.get() >= 100, uses + " uses");
  }

  private Swap<Supplier<String>> open(Duration wait, Duration drain) {
    return new Swap<>(user.getBundleContext(), type(), null, wait, drain, Failed::new);
  }

  @SuppressWarnings("unchecked")
  private static Class<Supplier<String>> type() {
    return (Class<Supplier<String>>) (Class<?>) Supplier.class;
  }

  private ServiceRegistration<?> register(String name, int ranking) {
    return provider
        .getBundleContext()
        .registerService(
            type(),
            (Supplier<String>) () -> name,
            new Hashtable<>(Map.of("name", name, Constants.SERVICE_RANKING, ranking)));
  }

  private static Predicate<ServiceReference<Supplier<String>>> named(String name) {
    return reference -> name.equals(reference.getProperty("name"));
  }

  private void awaitReferences(int count) throws InterruptedException {
    while (swap.references().size() != count) {
      Thread.sleep(5);
    }
  }

  private static Bundle bundle(String name) throws IOException, BundleException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
    main.putValue(Constants.BUNDLE_SYMBOLICNAME, name + COUNTER.incrementAndGet());
    ByteArrayOutputStream jar = new ByteArrayOutputStream();
    new JarOutputStream(jar, manifest).close();
    Bundle bundle =
        framework
            .getBundleContext()
            .installBundle(name + COUNTER.get(), new ByteArrayInputStream(jar.toByteArray()));
    bundle.start();
    return bundle;
  }
}
