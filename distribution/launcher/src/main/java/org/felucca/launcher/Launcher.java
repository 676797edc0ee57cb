package org.felucca.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** One run of the engine, from its options to its exit status. */
final class Launcher {
  private static final Logger LOG = Logger.getLogger(Launcher.class.getName());

  /** How long bundles may take to stop; the process ends in under 2 s after SIGTERM. */
  private static final long STOP_MILLISECONDS = 1_700;

  /** The first minute belongs to whoever started the engine. */
  private static final long REHEARSAL_DELAY_SECONDS = 10;

  /** Of the fields behind the name in /proc/PID/stat. */
  private static final int STAT_START_TIME = 19;

  /** USER_HZ, 100 on every architecture that Linux runs Java on. */
  private static final int TICKS_PER_SECOND = 100;

  private final Options options;
  private final Path home;
  private final ServiceManager manager = new ServiceManager(System.getenv("NOTIFY_SOCKET"));
  private final AtomicBoolean stopping = new AtomicBoolean();
  private volatile @Nullable Engine engine;
  private volatile @Nullable Sockets sockets;
  private volatile @Nullable Rehearsal rehearsal;

  private Launcher(Options options, Path home) {
    this.options = options;
    this.home = home;
  }

  /**
   * Does what the command line asks for.
   *
   * @return the process's exit status
   */
  @SuppressWarnings("SystemOut") // what --help and --version are for
  static int run(List<String> arguments) {
    try {
      Path home = home();
      Options options = Options.parse(arguments, home);
      switch (options.action()) {
        case HELP -> System.out.print(Options.HELP);
        case VERSION -> System.out.println("feluccad " + version(home));
        case SERVE, REHEARSE -> {
          Logging.start(options.level());
          return new Launcher(options, home).serve();
        }
      }
      return 0;
    } catch (StartException e) {
      System.err.println("feluccad: " + e.getMessage());
      return 1;
    }
  }

  private int serve() throws StartException {
    Folders.checkSocketPaths(options);
    if (!Files.isDirectory(options.config())) {
      throw new StartException(
          "the configuration folder "
              + options.config()
              + " is missing; make it, or give another --config");
    }
    Folders.prepare(options.root(), "rwx--x--x");
    Folders.prepare(options.state(), "rwx--x--x");
    try (FolderLock _ = FolderLock.take(options.root(), "--root");
        FolderLock _ = FolderLock.take(options.state(), "--state")) {
      return serveLocked();
    } catch (IOException e) {
      throw new StartException("cannot give the lock back: " + e.getMessage(), e);
    }
  }

  private int serveLocked() throws StartException {
    Path temporary = options.root().resolve("tmp");
    Engine.emptied(temporary);
    useForNativeLibraries(temporary);
    String version = version(home);
    LOG.log(
        Level.INFO,
        "starting version={0} pid={1} root={2} state={3} address={4} config={5}",
        new Object[] {
          version,
          ProcessHandle.current().pid(),
          options.root(),
          options.state(),
          options.address(),
          options.config()
        });
    Thread hook = Thread.ofPlatform().name("felucca-stop").unstarted(this::stopBySignal);
    Runtime.getRuntime().addShutdownHook(hook);
    Sockets bound = Sockets.bind(options);
    sockets = bound;
    try {
      Engine started = Engine.make(options, home, version);
      engine = started; // from here on a signal stops the framework, however far it has come
      started.start(
          BundleSet.read(home.resolve("bundles"), options.root().resolve("bundles")), bound);
      started.awaitReady();
      LOG.log(Level.INFO, "ready ms={0}", sinceProcessStart());
      manager.tell("READY=1\nSTATUS=serving on " + options.address());
      if (options.action() == Options.Action.REHEARSE) {
        stopping.set(true);
        return stop(started, bound) ? 0 : 1;
      }
      Thread.ofPlatform().name("felucca-old-caches").daemon().start(started::removeOldCaches);
      rehearse();
      started.awaitStop();
      return stopping.get() ? awaitHalt() : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    } finally {
      bound.close();
    }
  }

  private void rehearse() {
    String wanted = System.getProperty(Rehearsal.PROPERTY);
    if (wanted != null && !wanted.isEmpty()) {
      Rehearsal started = new Rehearsal(Path.of(wanted), home, options.root().resolve("rehearsal"));
      rehearsal = started;
      started.start(REHEARSAL_DELAY_SECONDS);
    }
  }

  /** The hook ends the process when everything is down; this thread must not end it before. */
  private static int awaitHalt() throws InterruptedException {
    Thread.sleep(STOP_MILLISECONDS);
    return 0;
  }

  /**
   * Runs as the JVM's shutdown hook. It halts, because a JVM that a signal ends reports 143 however
   * well it went.
   */
  private void stopBySignal() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    LOG.log(Level.INFO, "stopping, containers go on");
    manager.tell("STOPPING=1");
    Rehearsal rehearsing = rehearsal;
    if (rehearsing != null) {
      rehearsing.stop();
    }
    boolean clean = stop(engine, sockets);
    Runtime.getRuntime().halt(clean ? 0 : 1);
  }

  private static boolean stop(@Nullable Engine engine, @Nullable Sockets sockets) {
    long from = System.nanoTime();
    boolean clean = true;
    if (engine != null) {
      try {
        clean = engine.stop(STOP_MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        clean = false;
      }
    }
    if (sockets != null) {
      sockets.close();
    }
    long milliseconds = Duration.ofNanos(System.nanoTime() - from).toMillis();
    if (clean) {
      LOG.log(Level.INFO, "stopped ms={0}", milliseconds);
    } else {
      LOG.log(Level.SEVERE, "stopped before all bundles had, after ms={0}", milliseconds);
    }
    return clean;
  }

  /**
   * Libraries carry native code in their jars and unpack it: into a private folder of the engine,
   * not into /tmp.
   */
  private void useForNativeLibraries(Path temporary) {
    String path = temporary.toString();
    System.setProperty("java.io.tmpdir", path);
    System.setProperty("jna.tmpdir", path);
    System.setProperty("org.sqlite.tmpdir", path);
    System.setProperty("ZstdTempFolder", path);
  }

  /**
   * By the kernel's clock since boot, as proc(5) has it: what the JVM calculates from it has whole
   * seconds of error.
   */
  private static long sinceProcessStart() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      String uptime = Files.readString(Path.of("/proc/uptime"));
      return Math.round(Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 1000)
          - Long.parseLong(fields[STAT_START_TIME]) * 1000 / TICKS_PER_SECOND;
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINE, "the time of the process's start is not known", e);
      return -1;
    }
  }

  /** The distribution's folder: the jar of this class lies in its lib folder. */
  private static Path home() throws StartException {
    String classPath = System.getProperty("java.class.path", "");
    Path lib = Path.of(classPath).toAbsolutePath().normalize().getParent();
    Path home = lib == null ? null : lib.getParent();
    if (home == null || !Files.isDirectory(home.resolve("bundles"))) {
      throw new StartException(
          "the distribution around "
              + classPath
              + " is incomplete; start bin/feluccad of an installed one");
    }
    return home;
  }

  private static String version(Path home) throws StartException {
    Path file = home.resolve("lib/version");
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new StartException(
          "cannot read " + file + ": " + Folders.reason(e) + "; install the distribution again", e);
    }
  }
}
