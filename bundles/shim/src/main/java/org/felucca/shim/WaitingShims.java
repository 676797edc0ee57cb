package org.felucca.shim;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.linux.LinuxException;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;

/**
 * Shims of our own that were started ahead, so that a launch need not wait until one has come up.
 * Each is told later for which container it is. Until then it lives as long as the connection to
 * it, and so no longer than this engine; nothing of it is written down.
 */
final class WaitingShims implements AutoCloseable {
  /** How many wait: one for the next container, one for whoever comes before there is another. */
  private static final int WANTED = 2;

  /** The launch that took one should be over before the next is started. */
  private static final Duration BEHIND_THE_LAUNCH = Duration.ofMillis(15);

  private static final Duration START = Duration.ofSeconds(10);
  private static final Logger LOG = Logger.getLogger(WaitingShims.class.getName());

  /** Holds places in the command line for a namespace and an id, which are shown there later. */
  private static final Key NOBODY =
      new Key(
          new Namespace("waits-for-the-namespace-of-a-container"),
          new ContainerId("waits-for-a-container" + "-0".repeat(27)));

  /** One that waits. Used by one thread, once it is taken. */
  static final class Waiting {
    private final Path binary;
    private final String identity;
    private final Bootstrap address;
    private final TaskClient client;
    private final ProcessId process;
    private boolean assigned;

    private Waiting(
        Path binary, String identity, Bootstrap address, TaskClient client, ProcessId process) {
      this.binary = binary;
      this.identity = identity;
      this.address = address;
      this.client = client;
      this.process = process;
    }

    /** Tells the file that it was started from from one that took its place. */
    String identity() {
      return identity;
    }

    /** Where it listens until it is told for whom it is. */
    Path socket() {
      return address.socket();
    }

    TaskClient client() {
      return client;
    }

    ProcessId process() {
      return process;
    }

    /** It knows for whom it is, and goes on by itself. */
    void assigned() {
      assigned = true;
    }

    boolean isAssigned() {
      return assigned;
    }

    /** Lets it end. */
    void discard() {
      client.close();
      try {
        Files.deleteIfExists(address.socket());
      } catch (IOException e) {
        LOG.log(Level.FINE, "socket of a waiting shim not removed", e);
      }
    }
  }

  private final ShimSettings settings;
  private final DiskThreads disk;
  private final ShimCommand command;
  private final Deque<Waiting> ready = new ArrayDeque<>();

  /** A binary that can't be started ahead, as far as is known; another file may. */
  private String unable = "";

  private boolean filling;
  private boolean closed;

  WaitingShims(ShimSettings settings, DiskThreads disk, ShimCommand command) {
    this.settings = settings;
    this.disk = disk;
    this.command = command;
  }

  /** One that waits, and is the caller's from now on; null if there is none. */
  @Nullable Waiting take(Path binary) {
    List<Waiting> useless = new ArrayList<>();
    Waiting found = null;
    synchronized (this) {
      while (found == null && !ready.isEmpty()) {
        Waiting next = ready.removeFirst();
        if (next.binary.equals(binary) && !next.client.isClosed()) {
          found = next;
        } else {
          useless.add(next);
        }
      }
    }
    useless.forEach(Waiting::discard);
    return found;
  }

  /** Starts what is missing, soon and in the background. */
  void fill(Path binary, Duration delay) {
    synchronized (this) {
      if (filling || closed || ready.size() >= WANTED) {
        return;
      }
      filling = true;
    }
    var _ =
        Thread.ofVirtual()
            .name("felucca-shim-ahead")
            .start(
                () -> {
                  try {
                    Thread.sleep(delay);
                    boolean more = true;
                    while (more) {
                      more = startOne(binary);
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  } catch (EngineException | LinuxException e) {
                    LOG.log(Level.FINE, "no shim started ahead", e);
                  } finally {
                    synchronized (this) {
                      filling = false;
                    }
                  }
                });
  }

  /** As {@link #fill(Path, Duration)}, after a launch. */
  void fill(Path binary) {
    fill(binary, BEHIND_THE_LAUNCH);
  }

  /** Answers whether there may be more to start. */
  private boolean startOne(Path binary) {
    String identity = disk.call("look at the shim " + binary, () -> Launcher.identity(binary));
    synchronized (this) {
      if (closed || ready.size() >= WANTED || identity.equals(unable)) {
        return false;
      }
    }
    Waiting started = start(binary, identity);
    boolean kept = false;
    synchronized (this) {
      if (started == null) {
        unable = identity;
      } else if (!closed) {
        ready.addLast(started);
        kept = true;
      }
    }
    if (started != null && !kept) {
      started.discard();
    }
    return kept;
  }

  private @Nullable Waiting start(Path binary, String identity) {
    ShimCommand.Result result =
        command.run(binary, NOBODY, Path.of("/"), List.of("wait"), new byte[0], START);
    if (result.status() != 0) {
      LOG.log(
          Level.FINE,
          "shim can not be started ahead binary={0} words={1}",
          new Object[] {binary, result.words()});
      return null;
    }
    Bootstrap address = Bootstrap.parse(result.stdout());
    TaskClient.Connected connected = TaskClient.connect(NOBODY, address, settings.connect());
    boolean done = false;
    try {
      ProcessId process = ProcessId.of(connected.processes().getShimPid()).orElse(null);
      if (process == null) {
        return null;
      }
      if (!settings.cgroup().isEmpty()) {
        disk.run(
            "move a shim to " + settings.cgroup(),
            () -> ShimCgroup.move(settings.cgroup(), process.pid()));
      }
      done = true;
      return new Waiting(binary, identity, address, connected.client(), process);
    } finally {
      if (!done) {
        connected.client().close(); // with which it ends
      }
    }
  }

  /** Lets all end that wait. */
  @Override
  public void close() {
    List<Waiting> useless;
    synchronized (this) {
      closed = true;
      useless = List.copyOf(ready);
      ready.clear();
    }
    useless.forEach(Waiting::discard);
  }
}
