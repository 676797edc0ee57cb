package org.felucca.shell.verb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.felucca.api.EngineException;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.RestartPolicy;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a container ends, and what then; and the files that tell of it. */
final class LifeArguments {
  private static final int MAX_SECONDS = 24 * 3600;

  @Option(names = "--rm", description = "remove it when it has ended")
  boolean autoRemove;

  @Option(
      names = "--stop-signal",
      paramLabel = "SIGNAL",
      description = "what asks it to end (else the image's, else SIGTERM)")
  @Nullable String stopSignal;

  @Option(
      names = "--stop-timeout",
      paramLabel = "SECONDS",
      description = "how long it may take to end before SIGKILL (10 is usual)")
  @Nullable Integer stopTimeout;

  @Option(
      names = {"--pidfile", "--pid-file"},
      paramLabel = "FILE",
      description = "write its process id here at each start")
  @Nullable String pidFile;

  @Option(names = "--cidfile", paramLabel = "FILE", description = "write its id into this new file")
  @Nullable String cidFile;

  @Option(
      names = "--restart",
      paramLabel = "POLICY",
      description =
          "start it again when it has ended by itself: no, on-failure[:NUMBER], always, unless-stopped")
  String restart = "no";

  LifeOptions options(Call call) {
    if (stopTimeout != null && (stopTimeout < 0 || stopTimeout > MAX_SECONDS)) {
      throw EngineException.invalid(
          "--stop-timeout %d is out of range: 0 to %d seconds are allowed"
              .formatted(stopTimeout, MAX_SECONDS));
    }
    return new LifeOptions(
        autoRemove,
        stopSignal,
        stopTimeout == null ? null : Duration.ofSeconds(stopTimeout),
        pidFile == null ? null : call.path(pidFile),
        RestartPolicy.parse(restart),
        null);
  }

  /** Takes the file for the id, before anything is made; null if none is wanted. */
  @Nullable Path reserveIdFile(Call call) {
    if (cidFile == null) {
      return null;
    }
    Path path = call.path(cidFile);
    try {
      return Files.createFile(path);
    } catch (FileAlreadyExistsException e) {
      throw EngineException.invalid(
          "--cidfile %s exists already, perhaps of another container; remove it or name another file"
              .formatted(path));
    } catch (NoSuchFileException e) {
      throw EngineException.invalid(
          "--cidfile %s: there is no such folder; make it first".formatted(path));
    } catch (IOException e) {
      throw EngineException.invalid(
          "--cidfile %s can't be written: %s".formatted(path, e.getMessage()));
    }
  }

  static void writeIdFile(Path path, String id) throws IOException {
    Files.writeString(path, id, StandardCharsets.US_ASCII, StandardOpenOption.TRUNCATE_EXISTING);
  }
}
