package org.felucca.shim;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.Shim;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.api.shim.ShimListener;
import org.felucca.api.shim.ShimService;
import org.felucca.api.task.Exit;
import org.felucca.linux.ProcessId;
import org.felucca.shim.ttrpc.TtrpcServer;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * The shims of this engine. When it goes it lets go of all connections and leaves the shims alone;
 * the next one finds them again by their folders.
 */
@Component(service = ShimService.class, configurationPid = "org.felucca.shim")
@Designate(ocd = Shims.Config.class)
public final class Shims implements ShimService {
  /** How long shims may take, in milliseconds, and where they live. */
  @ObjectClassDefinition(name = "Felucca shims")
  @interface Config {
    @AttributeDefinition(description = "to accept a connection and answer the first call")
    int connect__timeout__ms() default 5_000;

    @AttributeDefinition(description = "to answer any other call")
    int call__timeout__ms() default 10_000;

    @AttributeDefinition(description = "to create, start or delete a container")
    int create__timeout__ms() default 60_000;

    @AttributeDefinition(description = "to clean up after a shim that died")
    int clean__up__timeout__ms() default 30_000;

    @AttributeDefinition(description = "to end when asked to")
    int end__timeout__ms() default 5_000;

    @AttributeDefinition(description = "the cgroup that shims are moved to, or nothing")
    String cgroup() default "";

    @AttributeDefinition(description = "how much of a shim's own log is taken over")
    int log__bytes__per__second() default 65_536;
  }

  /** How long {@link #cleanUp} waits for a process whose connection just broke. */
  private static final Duration DYING = Duration.ofSeconds(2);

  /**
   * The first container should find a shim that waits, but an engine that starts has more to do.
   */
  private static final Duration AT_START = Duration.ofMillis(300);

  private final ShimSettings settings;
  private final DiskThreads disk;
  private final Watches watches;
  private final CleanUp cleanUp;
  private final WaitingShims waiting;
  private final Launcher launcher;
  private final Recovery recovery;
  private final EventReceiver receiver = new EventReceiver();
  private final TtrpcServer server;

  private final Map<Key, ConnectedShim> connected = new ConcurrentHashMap<>();

  /** Those that are just being launched, found or cleaned up: nobody else touches them. */
  private final Set<Key> busy = ConcurrentHashMap.newKeySet();

  /** Called by the container of components. */
  @Activate
  public Shims(
      BundleContext context,
      Config config,
      @Reference(target = "(felucca.socket=events)") ServerSocketChannel events) {
    this(settings(context, config), events);
  }

  /**
   * @param settings where things are
   * @param events the listening socket to which shims send events; it is left open
   */
  public Shims(ShimSettings settings, ServerSocketChannel events) {
    this.settings = settings;
    this.disk = new DiskThreads();
    this.watches = new Watches(settings.logBytesPerSecond());
    ShimCommand command = new ShimCommand(watches.spawner(), settings);
    this.cleanUp = new CleanUp(settings, disk, watches, command);
    this.waiting = new WaitingShims(settings, disk, command);
    this.launcher = new Launcher(settings, disk, watches, command, cleanUp, waiting);
    this.recovery = new Recovery(settings, disk, watches, cleanUp);
    this.server = new TtrpcServer(events, receiver);
    Path own = Path.of(settings.self()).resolveSibling(Launcher.OWN_SHIM);
    if (Files.isExecutable(own)) {
      waiting.fill(own, AT_START);
    }
  }

  private static ShimSettings settings(BundleContext context, Config config) {
    String home = Objects.requireNonNullElse(context.getProperty("felucca.home"), "/");
    return new ShimSettings(
        folder(context, "felucca.state"),
        folder(context, "felucca.root"),
        property(context, "felucca.address"),
        Path.of(home, "bin", "feluccad").toString(),
        Duration.ofMillis(config.connect__timeout__ms()),
        Duration.ofMillis(config.call__timeout__ms()),
        Duration.ofMillis(config.create__timeout__ms()),
        Duration.ofMillis(config.clean__up__timeout__ms()),
        Duration.ofMillis(config.end__timeout__ms()),
        cgroup(config.cgroup()),
        config.log__bytes__per__second());
  }

  /** Without links, since it is compared with what the kernel says of working folders. */
  private static Path folder(BundleContext context, String name) {
    Path path = Path.of(property(context, name));
    try {
      return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    } catch (IOException e) {
      throw EngineException.internal("resolve %s=%s: %s".formatted(name, path, e.getMessage()), e);
    }
  }

  private static String cgroup(String path) {
    boolean plain = path.isEmpty() || path.matches("(/[A-Za-z0-9_][A-Za-z0-9_.:@-]*)+");
    if (!plain) {
      throw EngineException.precondition(
          "cgroup=%s of org.felucca.shim is no path from the root of the hierarchies, such as /felucca-shims"
              .formatted(path));
    }
    return path;
  }

  private static String property(BundleContext context, String name) {
    String value = context.getProperty(name);
    if (value == null) {
      throw EngineException.precondition("the framework property " + name + " is not set");
    }
    return value;
  }

  /** Lets go of all shims, which live on. */
  @Deactivate
  public void close() {
    waiting.close();
    server.close();
    connected.values().forEach(ConnectedShim::disconnect);
    connected.clear();
    watches.close();
    disk.close();
  }

  @Override
  public Shim launch(ShimLaunch launch) {
    Key key = new Key(launch.namespace(), launch.id());
    return alone(
        key,
        ErrorKind.ALREADY_EXISTS,
        () -> {
          ConnectedShim shim = launcher.launch(launch);
          keep(key, shim);
          return shim;
        });
  }

  private void keep(Key key, ConnectedShim shim) {
    connected.put(key, shim);
    CompletableFuture<Void> _ =
        shim.closed()
            .thenRun(
                () -> {
                  connected.remove(key, shim);
                  shim.disconnect();
                });
  }

  /** Does something to a task's folder with nobody else at it. */
  private <T> T alone(Key key, ErrorKind otherwise, Callable<T> work) {
    if (!busy.add(key)) {
      throw new EngineException(
          otherwise, "container %s is just being launched or cleaned up".formatted(key));
    }
    try {
      return work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw EngineException.internal("container " + key + ": " + e, e);
    } finally {
      busy.remove(key);
    }
  }

  @Override
  public List<FoundShim> recover() {
    List<FoundShim> found = new ArrayList<>();
    List<Future<Optional<FoundShim>>> answers = new ArrayList<>();
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Key key : recovery.keys()) {
        answers.add(each.submit(() -> find(key)));
      }
      for (Future<Optional<FoundShim>> answer : answers) {
        answer.get().ifPresent(found::add);
      }
    } catch (ExecutionException e) {
      throw EngineException.internal("look for shims: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, "look for shims: interrupted", e);
    }
    return found;
  }

  private Optional<FoundShim> find(Key key) {
    if (!busy.add(key)) {
      return Optional.empty(); // a launch under way tells its own caller
    }
    try {
      ConnectedShim known = connected.get(key);
      if (known != null && !known.isClosed()) {
        return Optional.of(new FoundShim.Live(key.namespace(), key.id(), known));
      }
      Optional<FoundShim> found = recovery.find(key);
      if (found.isPresent()
          && found.get() instanceof FoundShim.Live live
          && live.shim() instanceof ConnectedShim shim) {
        keep(key, shim);
      }
      return found;
    } finally {
      busy.remove(key);
    }
  }

  @Override
  public Exit cleanUp(Namespace namespace, ContainerId id) {
    Key key = new Key(namespace, id);
    return alone(key, ErrorKind.UNAVAILABLE, () -> cleanUpAlone(key));
  }

  private Exit cleanUpAlone(Key key) {
    BundleFolder bundle = new BundleFolder(settings, key);
    if (!disk.call("look at " + bundle.path(), bundle::exists)) {
      throw EngineException.notFound(
          "container %s has no task: there is no %s".formatted(key, bundle.path()));
    }
    Recovery.Record record = disk.call("read " + bundle.path(), () -> recovery.read(bundle));
    Optional<ProcessId> process = record.process();
    // The kernel closes a process's sockets a moment before it is gone.
    if (process.isPresent()) {
      watches.awaitEnd(process.get(), DYING);
    }
    if (!recovery.gone(record)) {
      throw EngineException.precondition(
          "clean up after the shim of container %s: its process%s lives"
              .formatted(key, process.map(p -> " " + p.pid()).orElse("")));
    }
    return cleanUp.afterDeath(bundle, record.binary(), record.address());
  }

  @Override
  public Listening listen(ShimListener listener) {
    return receiver.listen(listener);
  }
}
