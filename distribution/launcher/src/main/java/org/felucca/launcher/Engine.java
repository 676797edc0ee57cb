package org.felucca.launcher;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceEvent;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.BundleRevision;

/**
 * The framework with its bundles. Felix's cache starts empty at each start: what is to run is said
 * by the distribution and the updater's record alone, and jars are run where they lie. Caches of
 * earlier runs are removed when the engine serves, since that takes a twentieth of its start.
 */
final class Engine {
  private static final Logger LOG = Logger.getLogger(Engine.class.getName());

  private static final String READY =
      "(&(objectClass=org.osgi.service.condition.Condition)(osgi.condition.id=felucca.ready))";

  /**
   * Configuration comes first, then what extends bundles, then ours; so no component starts twice.
   */
  private static final Map<String, Integer> START_LEVELS =
      Map.of(
          "org.apache.felix.configadmin", 1,
          "org.apache.felix.log", 1,
          "felucca.monitor", 1,
          "org.apache.felix.fileinstall", 2,
          "org.apache.felix.configurator", 2,
          "org.apache.felix.scr", 3);

  /**
   * Only its classes are wanted: started, it would open a shell of its own on the engine's standard
   * input.
   */
  private static final String CLASSES_ONLY = "org.apache.felix.gogo.jline";

  private static final int START_LEVEL_LIBRARIES = 3;
  private static final int START_LEVEL_OURS = 4;

  private final Framework framework;
  private final Path cache;
  private final CountDownLatch ready = new CountDownLatch(1);

  private Engine(Framework framework, Path cache) {
    this.framework = framework;
    this.cache = cache;
  }

  /**
   * Makes the framework; nothing runs yet.
   *
   * @param home the distribution's folder
   * @throws StartException if there can be no cache
   */
  static Engine make(Options options, Path home, String version) throws StartException {
    Path caches = options.root().resolve("cache");
    Folders.prepare(caches, "rwx------");
    Path cache = caches.resolve(System.currentTimeMillis() + "-" + ProcessHandle.current().pid());
    return new Engine(
        new FrameworkFactory().newFramework(properties(options, home, version, cache)), cache);
  }

  /** Removes the caches of earlier runs; one that cannot be removed is left to the next. */
  void removeOldCaches() {
    try (DirectoryStream<Path> caches = Files.newDirectoryStream(cache.resolveSibling("."))) {
      for (Path old : caches) {
        if (!old.getFileName().equals(cache.getFileName())) {
          remove(old);
        }
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "old caches of the framework stay for now", e);
    }
  }

  /**
   * Installs and starts the bundles; returns when they were started, which is before the engine is
   * ready. A bundle that fails is logged, and the others run.
   *
   * @throws StartException if the framework itself does not start
   */
  void start(List<BundleSet.Jar> jars, Sockets sockets) throws StartException {
    try {
      framework.init();
      BundleContext context = framework.getBundleContext();
      context.addFrameworkListener(Engine::log);
      context.addServiceListener(
          event -> {
            if (event.getType() == ServiceEvent.REGISTERED
                || event.getType() == ServiceEvent.MODIFIED) {
              ready.countDown();
            }
          },
          READY);
      sockets.register(context);
      install(context, jars);
      LOG.log(Level.FINE, "bundles installed count={0}", jars.size());
      framework.start();
      LOG.log(Level.FINE, "bundles started");
    } catch (BundleException | InvalidSyntaxException e) {
      throw new StartException("cannot start the OSGi framework: " + e.getMessage(), e);
    }
  }

  private void install(BundleContext context, List<BundleSet.Jar> jars) {
    List<Bundle> bundles = new ArrayList<>();
    for (BundleSet.Jar jar : jars) {
      try {
        bundles.add(context.installBundle("reference:" + jar.path().toUri()));
      } catch (BundleException e) {
        LOG.log(Level.SEVERE, "bundle not installed name=" + jar.name(), e);
      }
    }
    for (Bundle bundle : bundles) {
      bundle.adapt(BundleStartLevel.class).setStartLevel(startLevel(bundle.getSymbolicName()));
      if (CLASSES_ONLY.equals(bundle.getSymbolicName())) {
        continue;
      }
      if ((bundle.adapt(BundleRevision.class).getTypes() & BundleRevision.TYPE_FRAGMENT) == 0) {
        try {
          bundle.start(Bundle.START_ACTIVATION_POLICY);
        } catch (BundleException e) {
          LOG.log(Level.SEVERE, "bundle not started name=" + bundle.getSymbolicName(), e);
        }
      }
    }
  }

  static int startLevel(@Nullable String symbolicName) {
    if (symbolicName == null) {
      return START_LEVEL_LIBRARIES;
    }
    Integer level = START_LEVELS.get(symbolicName);
    if (level != null) {
      return level;
    }
    return symbolicName.startsWith("felucca.") ? START_LEVEL_OURS : START_LEVEL_LIBRARIES;
  }

  private static Map<String, Object> properties(
      Options options, Path home, String version, Path cache) {
    Map<String, Object> properties = new HashMap<>();
    properties.put("felucca.root", options.root().toString());
    properties.put("felucca.state", options.state().toString());
    properties.put("felucca.address", options.address().toString());
    properties.put("felucca.config", options.config().toString());
    properties.put("felucca.home", home.toString());
    properties.put("felucca.version", version);
    properties.put("felucca.started", String.valueOf(System.currentTimeMillis()));

    properties.put(Constants.FRAMEWORK_STORAGE, cache.toString());
    // The updater resolves a new bundle beside the old one of the same name.
    properties.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
    properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, "10");
    properties.put("felix.startlevel.bundle", String.valueOf(START_LEVEL_OURS));
    properties.put("felix.bootdelegation.implicit", "false");
    // Netty's native code looks a class of it up, to send files.
    properties.put(Constants.FRAMEWORK_BOOTDELEGATION, "sun.nio.ch");
    properties.put("felix.log.logger", new FrameworkLog());
    properties.put(
        "felix.log.level", options.level().intValue() <= Level.FINEST.intValue() ? "4" : "2");
    properties.put("org.osgi.service.log.admin.loglevel", logServiceLevel(options.level()));

    // A component that nobody uses for a moment is not thrown away and made again.
    properties.put("ds.delayed.keepInstances", "true");
    // Longer than the 2 s that a call in progress may take to drain.
    properties.put("ds.stop.timeout.milliseconds", "5000");

    properties.put("felix.fileinstall.dir", options.config().toString());
    properties.put("felix.fileinstall.filter", ".*\\.cfg");
    properties.put("felix.fileinstall.poll", "250");
    properties.put("felix.fileinstall.noInitialDelay", "true");
    // Files are the user's: the engine reads them and never writes them back.
    properties.put("felix.fileinstall.enableConfigSave", "false");
    properties.put("felix.fileinstall.disableConfigSave", "true");
    properties.put("felix.fileinstall.tmpdir", options.root().resolve("tmp").toString());
    return properties;
  }

  private static String logServiceLevel(Level level) {
    if (level.intValue() <= Level.FINEST.intValue()) {
      return "DEBUG";
    }
    return "WARN"; // what OSGi's own bundles find worth an INFO is not
  }

  /** Removes what the last run left in a folder of ours. */
  static void emptied(Path folder) throws StartException {
    try {
      if (Files.exists(folder)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
          for (Path entry : entries) {
            remove(entry);
          }
        }
      }
    } catch (IOException e) {
      throw new StartException(
          "cannot empty " + folder + ": " + Folders.reason(e) + "; remove it", e);
    }
    Folders.prepare(folder, "rwx------");
  }

  private static void remove(Path path) throws IOException {
    try (Stream<Path> tree = Files.walk(path)) {
      for (Path below : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(below);
      }
    }
  }

  private static void log(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.ERROR) {
      LOG.log(
          Level.SEVERE,
          "bundle failed name=" + event.getBundle().getSymbolicName(),
          event.getThrowable());
    } else if (event.getType() == FrameworkEvent.WARNING) {
      LOG.log(
          Level.WARNING,
          "bundle warning name=" + event.getBundle().getSymbolicName(),
          event.getThrowable());
    }
  }

  /** Waits until a bundle says that the engine serves. */
  void awaitReady() throws InterruptedException {
    ready.await();
  }

  /** Waits until the framework was stopped, by {@link #stop} or by somebody in the shell. */
  void awaitStop() throws InterruptedException {
    FrameworkEvent event;
    do {
      event = framework.waitForStop(0);
    } while (event.getType() == FrameworkEvent.STOPPED_UPDATE);
  }

  /**
   * Stops all bundles.
   *
   * @param milliseconds how long that may take
   * @return whether it took no longer
   */
  boolean stop(long milliseconds) throws InterruptedException {
    try {
      framework.stop();
    } catch (BundleException e) {
      LOG.log(Level.WARNING, "the framework did not stop cleanly", e);
    }
    return framework.waitForStop(milliseconds).getType() != FrameworkEvent.WAIT_TIMEDOUT;
  }
}
