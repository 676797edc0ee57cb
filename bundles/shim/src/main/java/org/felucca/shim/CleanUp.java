package org.felucca.shim;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.task.Exit;
import org.felucca.linux.ProcessId;
import org.felucca.linux.Signal;
import org.felucca.shim.wire.task.DeleteResponse;
import org.jspecify.annotations.Nullable;

/** Takes away what a shim left behind. */
final class CleanUp {
  private static final Logger LOG = Logger.getLogger(CleanUp.class.getName());
  private static final Duration AFTER_KILL = Duration.ofSeconds(5);

  private final ShimSettings settings;
  private final DiskThreads disk;
  private final Watches watches;
  private final ShimCommand command;

  CleanUp(ShimSettings settings, DiskThreads disk, Watches watches, ShimCommand command) {
    this.settings = settings;
    this.disk = disk;
    this.watches = watches;
    this.command = command;
  }

  /**
   * After a dead shim: has its binary kill and delete the container, and removes the folder.
   *
   * @param shim the shim's binary
   * @param address where it listened, or null
   * @return what the command says; unknown if it failed
   */
  Exit afterDeath(BundleFolder bundle, Path shim, @Nullable Bootstrap address) {
    Exit exit = deleteCommand(bundle, shim);
    remove(bundle, address);
    return exit;
  }

  private Exit deleteCommand(BundleFolder bundle, Path shim) {
    Key key = bundle.key();
    try {
      ShimCommand.Result result =
          command.run(
              shim,
              key,
              bundle.path(),
              List.of("-bundle", bundle.path().toString(), "delete"),
              new byte[0],
              settings.cleanUp());
      if (result.status() == 0) {
        DeleteResponse response = DeleteResponse.parseFrom(result.stdout());
        return new Exit(response.getExitStatus(), EventDecoder.instant(response.getExitedAt()));
      }
      LOG.log(
          Level.WARNING,
          "clean-up by the shim failed container={0} shim={1} status={2} words={3}",
          new Object[] {key, shim, result.status(), result.words()});
    } catch (EngineException | InvalidProtocolBufferException e) {
      LOG.log(
          Level.WARNING,
          "clean-up by the shim failed container={0} shim={1} reason={2}",
          new Object[] {key, shim, e.getMessage()});
    }
    return new Exit(Exit.UNKNOWN_STATUS, Instant.now());
  }

  /** Removes the socket of a shim that is gone and the folder, and with it the record of both. */
  void remove(BundleFolder bundle, @Nullable Bootstrap address) {
    disk.run(
        "remove " + bundle.path(),
        () -> {
          if (address != null) {
            Files.deleteIfExists(address.socket());
          }
          bundle.remove();
        });
  }

  /**
   * Kills a process and waits until it is gone.
   *
   * @throws EngineException INTERNAL if the kernel does not let it go
   */
  void kill(ProcessId process) {
    if (process.signal(Signal.KILL) && !watches.awaitEnd(process, AFTER_KILL)) {
      throw EngineException.internal(
          "process %d was killed and has not ended; it hangs in the kernel"
              .formatted(process.pid()),
          null);
    }
  }

  /** Kills every process whose working folder is the bundle: shims, and runtimes they started. */
  void killAllIn(BundleFolder bundle) {
    List<ProcessId> processes =
        disk.call("look for processes in " + bundle.path(), () -> processesIn(bundle.path()));
    for (ProcessId process : processes) {
      LOG.log(
          Level.INFO,
          "process of a failed launch killed container={0} pid={1}",
          new Object[] {bundle.key(), process.pid()});
      kill(process);
    }
  }

  /** Every process whose working folder this is. */
  static List<ProcessId> processesIn(Path folder) throws IOException {
    List<ProcessId> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        Path cwd;
        try {
          cwd = Files.readSymbolicLink(process.resolve("cwd"));
        } catch (IOException e) {
          continue; // it ended, or is a zombie
        }
        if (cwd.equals(folder)) {
          ProcessId.of(Integer.parseInt(String.valueOf(process.getFileName())))
              .ifPresent(found::add);
        }
      }
    }
    return found;
  }
}
