package org.felucca.updater;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.namespace.NamespaceStore;
import org.felucca.api.task.TaskService;
import org.felucca.api.task.TaskStatus;
import org.felucca.api.update.UpdateReport;
import org.felucca.api.update.Updater;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Carries out one change of bundles at a time, and writes down what is installed. */
@Component(service = {Updater.class, BundleUpdater.class})
public final class BundleUpdater implements Updater {
  private static final Logger LOG = Logger.getLogger(BundleUpdater.class.getName());

  /**
   * Replaced only by a restart: the framework's own machinery, and libraries that exist once a
   * process.
   */
  private static final Set<String> NEED_RESTART =
      Set.of(
          "org.apache.felix.scr",
          "org.apache.felix.configadmin",
          "org.apache.felix.cm.json",
          "org.apache.felix.configurator",
          "org.apache.felix.fileinstall",
          "org.xerial.sqlite-jdbc",
          "com.sun.jna");

  /** The capability by which a bundle says that it brings a runtime. */
  static final String RUNTIME = "felucca.runtime";

  /**
   * One change at a time in the whole process: when this bundle is exchanged by itself there are
   * two revisions of this class, so the lock lives where both find it.
   */
  private static final Lock CHANGE =
      (Lock)
          System.getProperties()
              .computeIfAbsent("felucca.updater.change", key -> new ReentrantLock(true));

  private final BundleContext system;
  private final Path root;
  private final Path home;

  /** With the folders of the engine. */
  @Activate
  public BundleUpdater(BundleContext context) {
    this.system = Objects.requireNonNull(context.getBundle(0).getBundleContext());
    this.root = Path.of(Objects.requireNonNull(context.getProperty("felucca.root")));
    this.home = Path.of(Objects.requireNonNull(context.getProperty("felucca.home")));
  }

  @Override
  public UpdateReport install(List<Path> jars) {
    List<BundleJar> read = jars.stream().map(BundleJar::read).toList();
    if (read.stream().map(BundleJar::symbolicName).distinct().count() != read.size()) {
      throw EngineException.invalid("two of the jars are the same bundle: " + read);
    }
    return oneAtATime(() -> installNow(read));
  }

  private UpdateReport installNow(List<BundleJar> jars) {
    long running = running();
    InstalledBundles installed = new InstalledBundles(root);
    List<BundleJar> fresh =
        jars.stream()
            .filter(
                jar -> {
                  InstalledBundles.Entry entry = installed.get(jar.symbolicName());
                  return entry == null || !entry.sha256().equals(jar.digest().hex());
                })
            .toList();
    if (fresh.isEmpty()) {
      return new UpdateReport(List.of(), List.of(), running);
    }
    List<BundleJar> later =
        fresh.stream().filter(jar -> NEED_RESTART.contains(jar.symbolicName())).toList();
    if (!later.isEmpty()) {
      fresh.forEach(installed::keep);
      installed.record(fresh, List.of());
      return new UpdateReport(
          fresh.stream()
              .map(jar -> jar + " installed, used after a restart of the engine")
              .toList(),
          List.of(),
          running);
    }
    BundleExchange exchange = new BundleExchange(system);
    Map<String, String> locations = new LinkedHashMap<>();
    Map<String, @Nullable Version> before = new LinkedHashMap<>();
    for (BundleJar jar : fresh) {
      Bundle old = exchange.running(jar.symbolicName());
      before.put(jar.symbolicName(), old == null ? null : old.getVersion());
      locations.put(jar.symbolicName(), location(installed.keep(jar)));
    }
    List<String> restarted = exchange.install(locations);
    installed.record(fresh, List.of());
    List<String> changes = new ArrayList<>();
    for (BundleJar jar : fresh) {
      Version old = before.get(jar.symbolicName());
      changes.add(
          tell(
              exchange.running(jar.symbolicName()),
              jar.symbolicName(),
              old == null ? "installed" : "updated",
              old == null ? jar.version().toString() : old + " -> " + jar.version(),
              running));
    }
    return new UpdateReport(changes, restarted, running);
  }

  /** As the launcher writes it, so that it knows the bundle at the next start. */
  private static String location(Path jar) {
    return "reference:" + jar.toUri();
  }

  @Override
  public UpdateReport remove(String symbolicName) {
    return oneAtATime(() -> removeNow(symbolicName));
  }

  private UpdateReport removeNow(String symbolicName) {
    long running = running();
    InstalledBundles installed = new InstalledBundles(root);
    BundleExchange exchange = new BundleExchange(system);
    Bundle bundle = exchange.running(symbolicName);
    if (installed.get(symbolicName) == null) {
      if (bundle == null) {
        throw EngineException.notFound("bundle " + symbolicName + " is not installed");
      }
      throw EngineException.precondition(
          "bundle %s is the distribution's own; install another version over it instead"
              .formatted(symbolicName));
    }
    BundleJar original = inDistribution(symbolicName);
    List<String> changes = new ArrayList<>();
    List<String> restarted = List.of();
    if (original != null) {
      restarted = exchange.install(Map.of(symbolicName, location(original.path())));
      changes.add(
          tell(
              exchange.running(symbolicName),
              symbolicName,
              "went back to",
              original.version().toString(),
              running));
    } else if (bundle != null) {
      String version = bundle.getVersion().toString();
      String change = tell(bundle, symbolicName, "removed", version, running);
      exchange.remove(bundle);
      changes.add(change);
    }
    installed.record(List.of(), List.of(symbolicName));
    return new UpdateReport(changes, restarted, running);
  }

  private @Nullable BundleJar inDistribution(String symbolicName) {
    try (Stream<Path> jars = Files.list(home.resolve("bundles"))) {
      return jars.filter(path -> path.toString().endsWith(".jar"))
          .map(BundleJar::read)
          .filter(jar -> jar.symbolicName().equals(symbolicName))
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      throw EngineException.internal("read " + home + "/bundles: " + e.getMessage(), e);
    }
  }

  /** Says in the log and in the event log what became of a bundle; returns it as a line. */
  private String tell(
      @Nullable Bundle bundle, String symbolicName, String change, String version, long running) {
    String runtime = bundle == null ? null : runtime(bundle);
    String line =
        "%s %s %s; %s"
            .formatted(
                runtime == null ? "bundle " + symbolicName : "runtime " + runtime,
                change,
                version,
                running == 1
                    ? "1 running container left untouched"
                    : running + " running containers left untouched");
    LOG.log(Level.INFO, "{0}", line);
    with(
        EventLog.class,
        log ->
            log.publish(
                null, new Event.BundleChanged(symbolicName, change, version, runtime, running)));
    return line;
  }

  private static @Nullable String runtime(Bundle bundle) {
    BundleRevision revision = bundle.adapt(BundleRevision.class);
    if (revision == null) {
      return null;
    }
    return revision.getDeclaredCapabilities(RUNTIME).stream()
        .map(capability -> capability.getAttributes().get(RUNTIME))
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .findFirst()
        .orElse(null);
  }

  /** How many containers run. */
  private long running() {
    List<Namespace> namespaces =
        Objects.requireNonNullElse(with(NamespaceStore.class, NamespaceStore::list), List.of());
    Long count =
        with(
            TaskService.class,
            tasks ->
                namespaces.stream()
                    .flatMap(namespace -> tasks.list(Scope.of(namespace)).stream())
                    .filter(
                        task ->
                            task.status() == TaskStatus.RUNNING
                                || task.status() == TaskStatus.PAUSED)
                    .count());
    return count == null ? 0 : count;
  }

  /**
   * Uses a service if it is there; a report is not worth waiting for one. After an exchange of the
   * contracts the services are of newer classes than this passing revision of the updater knows.
   */
  private <S, T> @Nullable T with(Class<S> type, Function<S, T> use) {
    ServiceReference<?> reference = system.getServiceReference(type.getName());
    Object service = reference == null ? null : system.getService(reference);
    if (reference == null || !type.isInstance(service)) {
      return null;
    }
    try {
      return use.apply(type.cast(service));
    } catch (EngineException e) {
      LOG.log(Level.FINE, "no report", e);
      return null;
    } finally {
      system.ungetService(reference);
    }
  }

  /**
   * On a thread of its own, which nobody interrupts: neither a caller who goes away nor the end of
   * this very bundle may leave a change half-done.
   */
  private static <T> T oneAtATime(Callable<T> change) {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              CHANGE.lock();
              try {
                return change.call();
              } finally {
                CHANGE.unlock();
              }
            });
    Thread.ofPlatform().name("felucca-update").start(task);
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("wait for the update, which goes on");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException failure) {
        throw failure;
      }
      throw EngineException.internal("update bundles: " + e.getCause(), e.getCause());
    }
  }
}
