package org.felucca.shim;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.api.shim.ShimInfo;
import org.felucca.api.shim.ShimLaunch;
import org.felucca.api.trace.Trace;
import org.felucca.linux.BootId;
import org.felucca.linux.Descriptor;
import org.felucca.linux.LinuxException;
import org.felucca.linux.ProcessId;
import org.felucca.shim.wire.bootstrap.BootstrapParams;
import org.felucca.shim.wire.own.AssignRequest;
import org.felucca.shim.wire.runc.Options;
import org.felucca.shim.wire.task.ShutdownRequest;
import org.jspecify.annotations.Nullable;

/** Starts a shim: folder, start command, connection, record, in this order. */
final class Launcher {
  private static final Logger LOG = Logger.getLogger(Launcher.class.getName());
  static final Path OWN_SHIM = Path.of("felucca-shim");
  private static final String UNIX = "unix://";
  private static final int SOCKET_NAME = 40;

  /** Annotations by which containers share a shim, as containerd has them. */
  private static final List<byte[]> GROUPS =
      List.of(
          "io.containerd.runc.v2.group".getBytes(StandardCharsets.US_ASCII),
          "io.kubernetes.cri.sandbox-id".getBytes(StandardCharsets.US_ASCII));

  private static final String OPTIONS = "containerd.runc.v1.Options";

  /** What the start command of a shim reads. */
  private enum Stdin {
    NOTHING,
    BOOTSTRAP_PARAMS
  }

  private final ShimSettings settings;
  private final DiskThreads disk;
  private final Watches watches;
  private final ShimCommand command;
  private final CleanUp cleanUp;
  private final WaitingShims waiting;

  /** What worked for a binary, by what tells its file from another. */
  private final Map<String, Stdin> known = new ConcurrentHashMap<>();

  Launcher(
      ShimSettings settings,
      DiskThreads disk,
      Watches watches,
      ShimCommand command,
      CleanUp cleanUp,
      WaitingShims waiting) {
    this.settings = settings;
    this.disk = disk;
    this.watches = watches;
    this.command = command;
    this.cleanUp = cleanUp;
    this.waiting = waiting;
  }

  /** See {@link org.felucca.api.shim.ShimService#launch}. */
  ConnectedShim launch(ShimLaunch launch) {
    Key key = new Key(launch.namespace(), launch.id());
    BundleFolder bundle = new BundleFolder(settings, key);
    Intent intent =
        new Intent(
            BootId.current().value(),
            UUID.randomUUID().toString(),
            key.namespace().value(),
            key.id().value(),
            launch.runtime(),
            launch.shim().toString(),
            Instant.now(),
            null,
            0,
            0,
            0);
    boolean own = launch.shim().endsWith(OWN_SHIM);
    WaitingShims.Waiting ready =
        own && !mayShare(launch.spec()) ? waiting.take(launch.shim()) : null;
    Intent first =
        ready == null
            ? intent
            : intent.served(
                UNIX + socket(ready, key), 3, ready.process().pid(), ready.process().startTime());
    ShimLog log = null;
    boolean mine = false;
    try {
      Made made =
          disk.call(
              "make the folder of container " + key,
              () -> {
                bundle.create(first, launch.spec());
                return new Made(bundle.openLog(), own ? identity(launch.shim()) : "");
              });
      mine = true;
      Trace.mark("bundle made");
      log = watches.follow(key, made.log());
      if (ready != null && made.identity().equals(ready.identity())) {
        ConnectedShim shim = assign(launch, bundle, ready, log);
        if (shim != null) {
          return shim;
        }
      }
      if (ready != null) {
        // What is on record is that shim, which is of no use; the one to come is known by its
        // folder.
        disk.run("record the launch for container " + key, () -> bundle.writeIntent(intent));
      }
      return start(launch, bundle, intent, log);
    } catch (EngineException | LinuxException failure) {
      EngineException e =
          failure instanceof EngineException known
              ? known
              : EngineException.internal(String.valueOf(failure.getMessage()), failure);
      if (log != null) {
        log.close();
      }
      if (mine || e.kind() != ErrorKind.ALREADY_EXISTS) {
        undo(bundle, e);
      }
      throw e.during("launch a shim for container " + key);
    } finally {
      if (ready != null && !ready.isAssigned()) {
        ready.discard();
      }
      if (own) {
        waiting.fill(launch.shim());
      }
    }
  }

  /**
   * What was made for a launch.
   *
   * @param log the fifo
   * @param identity of the shim's binary
   */
  private record Made(Descriptor log, String identity) {}

  /** Whether the container may be one of a pod, whose containers have one shim. */
  private static boolean mayShare(byte[] spec) {
    return GROUPS.stream().anyMatch(name -> BundleFolder.contains(spec, name));
  }

  /** Where the shim of a container listens, as the start command has it. */
  private Path socket(WaitingShims.Waiting ready, Key key) {
    String name = "%s/%s/%s".formatted(settings.address(), key.namespace(), key.id());
    return ready.socket().resolveSibling(sha256(name).substring(0, SOCKET_NAME));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Tells a shim that waits for whom it is.
   *
   * @return null if it can't be had: it is gone, and one must be started
   */
  private @Nullable ConnectedShim assign(
      ShimLaunch launch, BundleFolder bundle, WaitingShims.Waiting ready, ShimLog log) {
    Key key = bundle.key();
    Path socket = socket(ready, key);
    try {
      ready
          .client()
          .assign(
              key,
              AssignRequest.newBuilder()
                  .setNamespace(key.namespace().value())
                  .setId(key.id().value())
                  .setBundle(bundle.path().toString())
                  .setSocket(socket.toString())
                  .setEvents(settings.address() + ".ttrpc")
                  .setEngine(settings.address())
                  .build(),
              min(settings.connect(), launch.deadline()));
    } catch (EngineException e) {
      ready.discard();
      // It may have heard, and have told nobody.
      cleanUp.kill(ready.process());
      if (e.kind() == ErrorKind.CANCELLED) {
        throw e;
      }
      LOG.log(
          Level.FINE,
          "shim that waited is of no use container={0} reason={1}",
          new Object[] {key, e.getMessage()});
      return null;
    }
    ready.assigned();
    Trace.mark("shim assigned");
    return new ConnectedShim(
        new ShimInfo(
            key.namespace(),
            key.id(),
            launch.runtime(),
            bundle.path(),
            launch.shim(),
            ready.process().pid(),
            3),
        bundle,
        new Bootstrap(UNIX + socket, 3, true),
        ready.process(),
        ready.client(),
        settings,
        watches,
        cleanUp,
        log,
        options(launch));
  }

  private ConnectedShim start(ShimLaunch launch, BundleFolder bundle, Intent intent, ShimLog log) {
    long deadline = System.nanoTime() + launch.deadline().toNanos();
    Path binary = launch.shim();
    Key key = bundle.key();
    for (boolean again = false; ; again = true) {
      long before = ticksSinceBoot();
      Bootstrap bootstrap = bootstrap(binary, bundle, deadline);
      Trace.mark("shim started");
      TaskClient.Connected connected =
          TaskClient.connect(key, bootstrap, min(settings.connect(), rest(deadline)));
      Optional<ProcessId> process = ProcessId.of(connected.processes().getShimPid());
      Trace.mark("shim connected");
      if (process.isPresent() && process.get().startTime() < before - 1) {
        endOld(connected.client(), key, process.get(), again);
        continue;
      }
      int protocol = connected.client().protocol();
      Intent served =
          intent.served(
              bootstrap.address(),
              protocol,
              process.map(ProcessId::pid).orElse(0),
              process.map(ProcessId::startTime).orElse(0L));
      try {
        disk.run(
            "record the shim of " + key,
            () -> {
              if (!settings.cgroup().isEmpty() && served.pid() > 0) {
                ShimCgroup.move(settings.cgroup(), served.pid());
              }
              bundle.writeAddress(new Bootstrap(bootstrap.address(), protocol));
              bundle.writeIntent(served);
            });
      } catch (EngineException e) {
        connected.client().close();
        throw e;
      }
      Trace.mark("shim written down");
      LOG.log(
          Level.FINE,
          "shim launched container={0} pid={1} protocol={2}",
          new Object[] {key, served.pid(), protocol});
      return new ConnectedShim(
          new ShimInfo(
              key.namespace(),
              key.id(),
              launch.runtime(),
              bundle.path(),
              binary,
              served.pid(),
              protocol),
          bundle,
          bootstrap,
          process.orElse(null),
          connected.client(),
          settings,
          watches,
          cleanUp,
          log,
          options(launch));
    }
  }

  /**
   * The start command hands back an old listener of the same name instead of failing. One that owns
   * nothing is ended.
   */
  private void endOld(TaskClient old, Key key, ProcessId process, boolean again) {
    try (var _ = new Closing(old)) {
      if (!again) {
        LOG.log(
            Level.WARNING,
            "an old shim serves this id, asking it to end container={0} pid={1}",
            new Object[] {key, process.pid()});
        old.call(
            "Shutdown",
            ShutdownRequest.newBuilder().setId(key.id().value()).setNow(true).build(),
            com.google.protobuf.Empty.parser(),
            settings.end());
      }
    } catch (EngineException e) {
      LOG.log(Level.FINE, "old shim did not answer container=" + key, e);
    }
    if (again || !watches.awaitEnd(process, settings.end())) {
      throw EngineException.precondition(
          "an old shim (process %d) serves this id and does not end; its container may run: end it by 'kill %d', or take another id"
              .formatted(process.pid(), process.pid()));
    }
  }

  private record Closing(TaskClient client) implements AutoCloseable {
    @Override
    public void close() {
      client.close();
    }
  }

  private Bootstrap bootstrap(Path binary, BundleFolder bundle, long deadline) {
    String identity = disk.call("look at the shim " + binary, () -> identity(binary));
    // Our own is asked in the newer form, in which it says what it can do besides.
    Stdin stdin = binary.endsWith(OWN_SHIM) ? Stdin.BOOTSTRAP_PARAMS : known.get(identity);
    if (stdin != null) {
      return bootstrap(binary, bundle, stdin, deadline);
    }
    try {
      Bootstrap bootstrap = bootstrap(binary, bundle, Stdin.NOTHING, deadline);
      known.put(identity, Stdin.NOTHING);
      return bootstrap;
    } catch (EngineException e) {
      if (e.kind() != ErrorKind.INTERNAL) {
        throw e;
      }
      // The newest shims start only with parameters, the oldest only without.
      try {
        Bootstrap bootstrap = bootstrap(binary, bundle, Stdin.BOOTSTRAP_PARAMS, deadline);
        known.put(identity, Stdin.BOOTSTRAP_PARAMS);
        return bootstrap;
      } catch (EngineException second) {
        e.addSuppressed(second);
        throw e;
      }
    }
  }

  private Bootstrap bootstrap(Path binary, BundleFolder bundle, Stdin stdin, long deadline) {
    byte[] input = stdin == Stdin.NOTHING ? new byte[0] : params(bundle.key());
    ShimCommand.Result result =
        command.run(binary, bundle.key(), bundle.path(), List.of("start"), input, rest(deadline));
    if (result.status() != 0) {
      throw EngineException.internal(
          "%s start ended with status %d: %s"
              .formatted(
                  binary,
                  result.status(),
                  result.words().isEmpty() ? "it said nothing" : result.words()),
          null);
    }
    try {
      return Bootstrap.parse(result.stdout());
    } catch (EngineException e) {
      throw e.during(binary + " start");
    }
  }

  private byte[] params(Key key) {
    return BootstrapParams.newBuilder()
        .setInstanceId(key.id().value())
        .setNamespace(key.namespace().value())
        .setContainerdTtrpcAddress(settings.address() + ".ttrpc")
        .setContainerdGrpcAddress(settings.address())
        .setContainerdBinary(settings.self())
        .build()
        .toByteArray();
  }

  static String identity(Path binary) throws IOException {
    if (!Files.exists(binary)) {
      return binary.toString(); // running it says what is wrong
    }
    Map<String, Object> file = Files.readAttributes(binary, "unix:dev,ino,size,ctime");
    return "%s %s %s %s %s"
        .formatted(binary, file.get("dev"), file.get("ino"), file.get("size"), file.get("ctime"));
  }

  /** No process and no folder stays. */
  private void undo(BundleFolder bundle, EngineException failure) {
    try (Uninterrupted _ = Uninterrupted.begin()) {
      cleanUp.killAllIn(bundle);
      Bootstrap address =
          disk.call("read the address of " + bundle.key(), () -> leftAddress(bundle));
      cleanUp.remove(bundle, address);
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "launch not undone, the next start tries again", e);
      failure.addSuppressed(e);
    }
  }

  private static @Nullable Bootstrap leftAddress(BundleFolder bundle) {
    try {
      return bundle.readAddress();
    } catch (IOException | EngineException e) {
      return null; // rubbish names no socket
    }
  }

  /**
   * What Create is given: the client's own, with the binary and the root of the runtime's
   * configuration if they name none; or those of the configuration.
   */
  static @Nullable TypedBytes options(ShimLaunch launch) {
    TypedBytes given = launch.clientOptions();
    RuntimeOptions options = launch.options();
    if (given != null && !given.typeUrl().isEmpty()) {
      return options != null && given.typeUrl().equals(OPTIONS) ? completed(given, options) : given;
    }
    if (options == null) {
      return null;
    }
    Any any =
        Any.newBuilder()
            .setTypeUrl(OPTIONS)
            .setValue(
                Options.newBuilder()
                    .setBinaryName(options.binaryName())
                    .setRoot(options.root())
                    .setSystemdCgroup(options.systemdCgroup())
                    .setNoPivotRoot(options.noPivotRoot())
                    .setNoNewKeyring(options.noNewKeyring())
                    .build()
                    .toByteString())
            .build();
    return new TypedBytes(any.getTypeUrl(), any.getValue().toByteArray());
  }

  private static TypedBytes completed(TypedBytes given, RuntimeOptions options) {
    try {
      Options own = Options.parseFrom(given.value());
      Options.Builder whole = own.toBuilder();
      if (own.getBinaryName().isEmpty()) {
        whole.setBinaryName(options.binaryName());
      }
      if (own.getRoot().isEmpty()) {
        whole.setRoot(options.root());
      }
      return new TypedBytes(OPTIONS, whole.build().toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new EngineException(
          ErrorKind.INVALID_ARGUMENT,
          "the options are no %s: %s".formatted(OPTIONS, e.getMessage()),
          e);
    }
  }

  /** In hundredths of a second, as the start times of processes are. */
  private static long ticksSinceBoot() {
    try {
      String uptime = Files.readString(Path.of("/proc/uptime"));
      return Math.round(Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 100);
    } catch (IOException e) {
      throw EngineException.internal("read /proc/uptime: " + e.getMessage(), e);
    }
  }

  private static Duration rest(long deadline) {
    return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
  }

  private static Duration min(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
