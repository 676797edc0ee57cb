package org.felucca.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Hashtable;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;

/** Holds, in a real framework. */
@Timeout(60)
class SwapHoldTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir Path cache;
  private Framework framework;
  private Swap<Supplier<String>> swap;
  private final CountDownLatch cancelled = new CountDownLatch(1);

  @BeforeEach
  void start() throws BundleException {
    framework =
        new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, cache.toString()));
    framework.start();
    swap = open(SHORT);
  }

  @SuppressWarnings("unchecked")
  private Swap<Supplier<String>> open(Duration drain) {
    return new Swap<>(
        framework.getBundleContext(),
        (Class<Supplier<String>>) (Class<?>) Supplier.class,
        null,
        PATIENCE,
        drain,
        (reason, message, cause) -> new IllegalStateException(reason + " " + message, cause));
  }

  @AfterEach
  void stop() throws Exception {
    swap.close();
    framework.stop();
    framework.waitForStop(30_000);
  }

  private ServiceRegistration<?> register(String answer) {
    Supplier<String> service = () -> answer;
    return framework
        .getBundleContext()
        .registerService(Supplier.class.getName(), service, new Hashtable<>(Map.of("is", answer)));
  }

  private Hold<Supplier<String>> hold(String answer, Duration patience) {
    return swap.hold(
        reference -> answer.equals(reference.getProperty("is")), patience, cancelled::countDown);
  }

  @Test
  void hold_severalProviders_takesTheOneThatIsAccepted() {
    register("a");
    register("b");
    try (Hold<Supplier<String>> hold = hold("b", Duration.ZERO)) {
      assertEquals("b", hold.service().get());
      assertEquals("b", hold.reference().getProperty("is"));
    }
  }

  @Test
  void hold_noProvider_failsAfterItsPatience() {
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> hold("a", Duration.ofMillis(10)));
    assertTrue(e.getMessage().startsWith("MISSING"), e.getMessage());
  }

  @Test
  void hold_providerComesMeanwhile_isServed() throws InterruptedException {
    Thread coming = Thread.ofVirtual().start(() -> register("a"));
    try (Hold<Supplier<String>> hold = hold("a", PATIENCE)) {
      assertEquals("a", hold.service().get());
    }
    coming.join();
  }

  @Test
  void unregister_openHold_waitsForItsEnd() throws InterruptedException {
    swap.close();
    swap = open(PATIENCE);
    ServiceRegistration<?> registration = register("a");
    Hold<Supplier<String>> hold = hold("a", Duration.ZERO);
    Thread going = Thread.ofVirtual().start(registration::unregister);
    while (!swap.references().isEmpty()) {
      Thread.sleep(1);
    }
    assertTrue(going.isAlive(), "the provider waits");
    hold.close();
    hold.close(); // counts once
    going.join();
    assertEquals(1, cancelled.getCount(), "nothing had to be cancelled");
  }

  @Test
  void unregister_holdStaysOpen_isCancelledWhenTheDrainIsOver() throws InterruptedException {
    ServiceRegistration<?> registration = register("a");
    Hold<Supplier<String>> hold = hold("a", Duration.ZERO);
    Thread going = Thread.ofVirtual().start(registration::unregister);
    assertTrue(cancelled.await(30, TimeUnit.SECONDS));
    hold.close();
    going.join();
  }

  @Test
  void unregister_holdOfAnother_doesNotWait() {
    swap.close();
    swap = open(Duration.ofDays(1));
    ServiceRegistration<?> registration = register("a");
    register("b");
    Hold<Supplier<String>> hold = hold("b", Duration.ZERO);
    registration.unregister();
    assertEquals("b", hold.service().get());
    hold.close();
  }

  @Test
  void unregister_severalOfOneBundle_shareOneDrain() throws InterruptedException {
    swap.close();
    Duration drain = Duration.ofSeconds(2);
    swap = open(drain);
    AtomicInteger ended = new AtomicInteger();
    ServiceRegistration<?>[] all = new ServiceRegistration<?>[5];
    for (int i = 0; i < all.length; i++) {
      String name = "s" + i;
      all[i] = register(name);
      Hold<?>[] hold = new Hold<?>[1];
      hold[0] =
          swap.hold(
              reference -> name.equals(reference.getProperty("is")),
              Duration.ZERO,
              () ->
                  Thread.ofVirtual()
                      .start(
                          () -> {
                            ended.incrementAndGet();
                            hold[0].close();
                          }));
    }
    long from = System.nanoTime();
    for (ServiceRegistration<?> registration : all) {
      registration.unregister();
    }
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    assertEquals(all.length, ended.get());
    assertTrue(took.compareTo(drain.multipliedBy(all.length)) < 0, took::toString);
  }

  @Test
  void derived_holdsOfOneProvider_shareItAndTheNextHasItsOwn() {
    ServiceRegistration<?> registration = register("a");
    Object first;
    try (Hold<Supplier<String>> one = hold("a", Duration.ZERO);
        Hold<Supplier<String>> other = hold("a", Duration.ZERO)) {
      first = one.derived(Object.class, service -> new Object());
      assertSame(first, other.derived(Object.class, service -> new Object()));
    }
    registration.unregister();
    register("a");
    try (Hold<Supplier<String>> hold = hold("a", Duration.ZERO)) {
      assertNotSame(first, hold.derived(Object.class, service -> new Object()));
    }
  }

  @Test
  void close_openHold_isCancelledAndNobodyIsLetIn() throws InterruptedException {
    register("a");
    Hold<Supplier<String>> hold = hold("a", Duration.ZERO);
    swap.close();
    assertEquals(0, cancelled.getCount());
    hold.close();
    assertThrows(IllegalStateException.class, () -> hold("a", PATIENCE));
    assertFalse(Thread.interrupted());
  }
}
