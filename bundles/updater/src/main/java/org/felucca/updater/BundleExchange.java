package org.felucca.updater;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * One exchange of bundles in the running framework. The new ones are resolved beside the old ones,
 * which go on serving; only then the old ones are stopped and the new ones started. When every
 * service that was there before is there again the old ones are uninstalled, else they are put
 * back.
 *
 * <p>Works on the system bundle's context, so that it also carries out the exchange of the bundle
 * that it belongs to.
 */
final class BundleExchange {
  private static final Logger LOG = Logger.getLogger(BundleExchange.class.getName());
  private static final Duration PROBE = Duration.ofSeconds(15);
  private static final Duration REFRESH = Duration.ofSeconds(30);
  private static final String OURS = "org.felucca.";

  private final BundleContext system;
  private final FrameworkWiring wiring;

  BundleExchange(BundleContext system) {
    this.system = system;
    this.wiring = Objects.requireNonNull(system.getBundle().adapt(FrameworkWiring.class));
  }

  /** The bundle of this symbolic name that runs, or null. */
  @Nullable Bundle running(String symbolicName) {
    for (Bundle bundle : system.getBundles()) {
      if (symbolicName.equals(bundle.getSymbolicName())
          && (bundle.getState() & (Bundle.ACTIVE | Bundle.STARTING)) != 0) {
        return bundle;
      }
    }
    for (Bundle bundle : system.getBundles()) {
      if (symbolicName.equals(bundle.getSymbolicName())) {
        return bundle;
      }
    }
    return null;
  }

  /**
   * Exchanges.
   *
   * @param locations where the new jars are, by symbolic name
   * @return the symbolic names of other bundles that were restarted for it
   * @throws EngineException FAILED_PRECONDITION; everything is as it was before
   */
  List<String> install(Map<String, String> locations) {
    Map<String, @Nullable Bundle> olds = new LinkedHashMap<>();
    locations.keySet().forEach(name -> olds.put(name, running(name)));
    List<Bundle> news = new ArrayList<>();
    try {
      for (Map.Entry<String, String> location : locations.entrySet()) {
        news.add(system.installBundle(location.getValue()));
      }
      resolve(news);
      checkImporters(olds, news);
    } catch (BundleException e) {
      uninstall(news);
      throw EngineException.precondition("install: " + reason(e));
    } catch (EngineException e) {
      uninstall(news);
      throw e;
    }
    Set<String> expected = services();
    List<Bundle> stopped = new ArrayList<>();
    try {
      for (int i = 0; i < news.size(); i++) {
        Bundle old = olds.get(news.get(i).getSymbolicName());
        Bundle fresh = news.get(i);
        if (old != null) {
          adoptStartLevel(old, fresh);
          if ((old.getState() & (Bundle.ACTIVE | Bundle.STARTING)) != 0) {
            stopped.add(old);
            old.stop(Bundle.STOP_TRANSIENT);
          }
        }
      }
      for (Bundle fresh : news) {
        fresh.start();
      }
      List<String> restarted = List.of();
      List<Bundle> shared =
          olds.values().stream().filter(Objects::nonNull).filter(BundleExchange::isShared).toList();
      if (shared.isEmpty()) {
        probe(expected);
      } else {
        // The importers still stand on the old exporters. From here on going back means going there
        // once more.
        restarted = importers(shared);
        uninstall(shared);
        refresh(shared);
        probe(expected);
      }
      List<Bundle> gone = olds.values().stream().filter(Objects::nonNull).toList();
      uninstall(gone);
      refresh(gone);
      return restarted;
    } catch (BundleException | EngineException e) {
      putBack(news, stopped, olds);
      throw EngineException.precondition(
          "the new version did not come up, the old one serves again: "
              + (e instanceof BundleException failure ? reason(failure) : e.getMessage()));
    }
  }

  /** Stops and uninstalls a bundle. */
  void remove(Bundle bundle) {
    try {
      bundle.stop(Bundle.STOP_TRANSIENT);
    } catch (BundleException e) {
      LOG.log(Level.WARNING, "bundle complained while it was stopped bundle=" + bundle, e);
    }
    uninstall(List.of(bundle));
    refresh(List.of(bundle));
  }

  private void resolve(List<Bundle> bundles) {
    if (wiring.resolveBundles(bundles)) {
      return;
    }
    for (Bundle bundle : bundles) {
      if ((bundle.getState() & Bundle.INSTALLED) != 0) {
        try {
          bundle.start(Bundle.START_TRANSIENT);
          bundle.stop(Bundle.STOP_TRANSIENT);
        } catch (BundleException e) {
          throw EngineException.precondition(
              "bundle %s does not resolve, so nothing was changed: %s"
                  .formatted(bundle.getSymbolicName(), reason(e)));
        }
      }
    }
  }

  /**
   * Whoever imports from an old bundle must be able to import from the new one, or is exchanged as
   * well.
   */
  private static void checkImporters(Map<String, @Nullable Bundle> olds, List<Bundle> news) {
    List<BundleCapability> offered = new ArrayList<>();
    for (Bundle fresh : news) {
      BundleRevision revision = Objects.requireNonNull(fresh.adapt(BundleRevision.class));
      offered.addAll(revision.getDeclaredCapabilities(BundleRevision.PACKAGE_NAMESPACE));
    }
    for (Bundle old : olds.values()) {
      for (BundleWire wire : exportedWires(old)) {
        Bundle importer = wire.getRequirer().getBundle();
        if (!olds.containsValue(importer)
            && !news.contains(importer)
            && offered.stream().noneMatch(wire.getRequirement()::matches)) {
          throw EngineException.precondition(
              "bundle %s would lose %s, so nothing was changed; install a fitting version of it together with this one"
                  .formatted(importer.getSymbolicName(), wire.getRequirement()));
        }
      }
    }
  }

  private static List<BundleWire> exportedWires(@Nullable Bundle bundle) {
    BundleWiring current = bundle == null ? null : bundle.adapt(BundleWiring.class);
    return current == null
        ? List.of()
        : Objects.requireNonNullElse(
            current.getProvidedWires(BundleRevision.PACKAGE_NAMESPACE), List.of());
  }

  private static boolean isShared(Bundle bundle) {
    return exportedWires(bundle).stream()
        .anyMatch(wire -> !wire.getRequirer().getBundle().equals(bundle));
  }

  private List<String> importers(List<Bundle> shared) {
    Set<String> names = new TreeSet<>();
    for (Bundle bundle : wiring.getDependencyClosure(shared)) {
      if (!shared.contains(bundle) && bundle.getState() == Bundle.ACTIVE) {
        names.add(bundle.getSymbolicName());
      }
    }
    return List.copyOf(names);
  }

  private static void adoptStartLevel(Bundle old, Bundle fresh) {
    BundleStartLevel level = Objects.requireNonNull(old.adapt(BundleStartLevel.class));
    Objects.requireNonNull(fresh.adapt(BundleStartLevel.class))
        .setStartLevel(level.getStartLevel());
  }

  /** The classes of our services, and how many there are of each. */
  private Set<String> services() {
    Set<String> classes = new HashSet<>();
    try {
      ServiceReference<?>[] references = system.getAllServiceReferences(null, null);
      if (references != null) {
        for (ServiceReference<?> reference : references) {
          for (String type : (String[]) reference.getProperty(Constants.OBJECTCLASS)) {
            if (type.startsWith(OURS)) {
              classes.add(type);
            }
          }
        }
      }
    } catch (org.osgi.framework.InvalidSyntaxException e) {
      throw new AssertionError("no filter was given", e);
    }
    return classes;
  }

  private void probe(Set<String> expected) {
    long deadline = System.nanoTime() + PROBE.toNanos();
    while (true) {
      Set<String> missing = new TreeSet<>(expected);
      missing.removeAll(services());
      if (missing.isEmpty()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw EngineException.precondition("these services did not come back: " + missing);
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw EngineException.cancelled("wait for the services of new bundles");
      }
    }
  }

  private void putBack(
      List<Bundle> news, List<Bundle> stopped, Map<String, @Nullable Bundle> olds) {
    boolean interrupted = Thread.interrupted();
    uninstall(news);
    try {
      List<Bundle> lost = new ArrayList<>();
      for (Bundle old : olds.values()) {
        if (old != null && old.getState() == Bundle.UNINSTALLED) {
          lost.add(system.installBundle(old.getLocation()));
        }
      }
      refresh(news);
      for (Bundle bundle : lost) {
        bundle.start();
      }
      for (Bundle bundle : stopped) {
        if (bundle.getState() != Bundle.UNINSTALLED) {
          bundle.start();
        }
      }
    } catch (BundleException e) {
      LOG.log(Level.SEVERE, "an old bundle did not come back; restart the engine", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void uninstall(List<Bundle> bundles) {
    for (Bundle bundle : bundles) {
      try {
        if (bundle.getState() != Bundle.UNINSTALLED) {
          bundle.uninstall();
        }
      } catch (BundleException e) {
        LOG.log(Level.WARNING, "bundle not uninstalled bundle=" + bundle, e);
      }
    }
  }

  private void refresh(List<Bundle> bundles) {
    if (bundles.isEmpty()) {
      return;
    }
    CountDownLatch refreshed = new CountDownLatch(1);
    wiring.refreshBundles(bundles, event -> refreshed.countDown());
    try {
      if (!refreshed.await(REFRESH.toMillis(), TimeUnit.MILLISECONDS)) {
        throw EngineException.precondition("the framework did not refresh within 30 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for the framework to refresh");
    }
  }

  private static String reason(Throwable e) {
    Throwable deepest = e;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    return Objects.requireNonNullElse(deepest.getMessage(), deepest.toString());
  }
}
