package org.felucca.shim;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.shim.FoundShim;
import org.felucca.api.shim.ShimInfo;
import org.felucca.api.task.Exit;
import org.felucca.linux.BootId;
import org.felucca.linux.LinuxException;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;

/** Finds out what became of the shims whose folders are there. */
final class Recovery {
  private static final Logger LOG = Logger.getLogger(Recovery.class.getName());

  private final ShimSettings settings;
  private final DiskThreads disk;
  private final Watches watches;
  private final CleanUp cleanUp;
  private final String bootId = BootId.current().value();

  Recovery(ShimSettings settings, DiskThreads disk, Watches watches, CleanUp cleanUp) {
    this.settings = settings;
    this.disk = disk;
    this.watches = watches;
    this.cleanUp = cleanUp;
  }

  /** What stands in a folder about its shim. */
  record Record(
      BundleFolder bundle, @Nullable Intent intent, @Nullable Bootstrap address, Path binary) {
    /** The shim's process, if it was written down. */
    Optional<ProcessId> process() {
      return intent == null || intent.pid() == 0
          ? Optional.empty()
          : Optional.of(new ProcessId(intent.pid(), intent.startTime()));
    }

    String runtime() {
      return intent == null ? "" : intent.runtime();
    }
  }

  /** The tasks that have a folder; leftovers of removed ones are deleted on the way. */
  List<Key> keys() {
    return disk.call("list " + settings.tasks(), this::list);
  }

  private List<Key> list() throws IOException {
    List<Key> keys = new ArrayList<>();
    if (!Files.isDirectory(settings.tasks())) {
      return keys;
    }
    for (Path namespace : folders(settings.tasks())) {
      for (Path id : folders(namespace)) {
        String name = String.valueOf(id.getFileName());
        if (name.startsWith(BundleFolder.REMOVED)) {
          removeLeftover(id);
          continue;
        }
        try {
          keys.add(
              new Key(
                  new Namespace(String.valueOf(namespace.getFileName())), new ContainerId(name)));
        } catch (EngineException e) {
          LOG.log(Level.WARNING, "folder is no task''s, left alone folder={0}", id);
        }
      }
    }
    return keys;
  }

  private static List<Path> folders(Path parent) throws IOException {
    List<Path> folders = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, Files::isDirectory)) {
      entries.forEach(folders::add);
    }
    return folders;
  }

  private static void removeLeftover(Path folder) {
    try {
      BundleFolder.removeLeftover(folder);
    } catch (LinuxException e) {
      LOG.log(
          Level.WARNING,
          "leftover not removed folder={0} reason={1}",
          new Object[] {folder, e.getMessage()});
    }
  }

  /**
   * Finds one again.
   *
   * @return what it is; empty if there is nothing to tell: a launch that never was finished was
   *     undone, or a folder that can't be understood was set aside
   */
  Optional<FoundShim> find(Key key) {
    BundleFolder bundle = new BundleFolder(settings, key);
    Record record;
    try {
      record = disk.call("read " + bundle.path(), () -> read(bundle));
    } catch (EngineException e) {
      setAside(bundle, e);
      return Optional.empty();
    }
    try {
      return find(key, record);
    } catch (EngineException e) {
      return Optional.of(silent(key, bundle, String.valueOf(e.getMessage())));
    }
  }

  private Optional<FoundShim> find(Key key, Record record) {
    Intent intent = record.intent();
    if (intent != null && !intent.bootId().equals(bootId)) {
      // Neither process nor socket of that time is there; their names may be another's now.
      cleanUp.remove(record.bundle(), null);
      return Optional.of(
          new FoundShim.Dead(
              key.namespace(), key.id(), 0, new Exit(Exit.UNKNOWN_STATUS, Instant.now())));
    }
    Bootstrap address = record.address();
    if (address == null) {
      LOG.log(Level.INFO, "unfinished launch undone container={0}", key);
      cleanUp.killAllIn(record.bundle());
      cleanUp.remove(record.bundle(), null);
      return Optional.empty();
    }
    try {
      return Optional.of(live(key, record, address));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.UNAVAILABLE && gone(record)) {
        LOG.log(
            Level.INFO,
            "shim is gone, cleaning up container={0} reason={1}",
            new Object[] {key, e.getMessage()});
        int pid = disk.call("read the process of " + key, record.bundle()::initPid);
        Exit exit = cleanUp.afterDeath(record.bundle(), record.binary(), address);
        return Optional.of(new FoundShim.Dead(key.namespace(), key.id(), pid, exit));
      }
      return Optional.of(silent(key, record.bundle(), String.valueOf(e.getMessage())));
    }
  }

  private FoundShim live(Key key, Record record, Bootstrap address) {
    TaskClient.Connected connected = TaskClient.connect(key, address, settings.connect());
    ShimLog log = null;
    try {
      log = watches.follow(key, disk.call("open the log of " + key, record.bundle()::openLog));
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "log of the shim not followed container=" + key, e);
    }
    int pid = connected.processes().getShimPid();
    ProcessId process = (pid == 0 ? record.process() : ProcessId.of(pid)).orElse(null);
    ShimInfo info =
        new ShimInfo(
            key.namespace(),
            key.id(),
            record.runtime(),
            record.bundle().path(),
            record.binary(),
            pid,
            connected.client().protocol());
    return new FoundShim.Live(
        key.namespace(),
        key.id(),
        new ConnectedShim(
            info,
            record.bundle(),
            address,
            process,
            connected.client(),
            settings,
            watches,
            cleanUp,
            log,
            null));
  }

  /** Whether the shim's process is gone for certain. */
  boolean gone(Record record) {
    Optional<ProcessId> process = record.process();
    if (process.isPresent()) {
      return !process.get().alive();
    }
    return disk.call(
        "look for processes in " + record.bundle().path(),
        () -> CleanUp.processesIn(record.bundle().path()).isEmpty());
  }

  /**
   * Reads what a folder says, also one that containerd made.
   *
   * @throws EngineException if it says nothing that makes sense
   */
  Record read(BundleFolder bundle) throws IOException {
    Intent intent = null;
    try {
      intent = bundle.readIntent();
    } catch (EngineException e) {
      // What containerd too leaves in the folder is enough to find the shim.
      LOG.log(Level.WARNING, "record of a shim is damaged reason={0}", e.getMessage());
    }
    Bootstrap address = bundle.readAddress();
    String binary = intent == null ? bundle.readLine("shim-binary-path") : intent.shim();
    if (binary == null || binary.isEmpty()) {
      throw EngineException.invalid(bundle.path() + " does not say which shim it is of");
    }
    return new Record(bundle, intent, address, Path.of(binary));
  }

  private void setAside(BundleFolder bundle, EngineException why) {
    try {
      Path target = disk.call("set " + bundle.path() + " aside", () -> bundle.setAside(settings));
      LOG.log(
          Level.WARNING,
          "task folder can''t be understood and was set aside container={0} folder={1} reason={2}",
          new Object[] {bundle.key(), target, why.getMessage()});
    } catch (EngineException e) {
      LOG.log(Level.WARNING, "task folder not set aside container=" + bundle.key(), e);
    }
  }

  private static FoundShim silent(Key key, BundleFolder bundle, String why) {
    return new FoundShim.Silent(key.namespace(), key.id(), bundle.path(), why);
  }
}
