package org.felucca.shim;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.linux.Errno;
import org.felucca.linux.LinuxException;
import org.felucca.linux.SpawnRequest;
import org.felucca.linux.SpawnResult;
import org.felucca.linux.Spawner;

/**
 * Runs a shim's binary for one of its short commands, in a session of its own and without
 * descriptors of the engine. Its environment is chosen, not inherited: the engine's may hold what
 * is none of a container's business, such as NOTIFY_SOCKET.
 */
final class ShimCommand {
  private static final int MOST_OUTPUT = 1 << 20;
  private static final int MOST_WORDS = 2000;
  private static final List<String> INHERITED =
      List.of("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ");

  private final Spawner spawner;
  private final ShimSettings settings;

  ShimCommand(Spawner spawner, ShimSettings settings) {
    this.spawner = spawner;
    this.settings = settings;
  }

  /**
   * What came of it.
   *
   * @param status its exit status
   * @param stdout what it printed
   * @param words what it complained of, for messages; empty if it did not
   */
  record Result(int status, byte[] stdout, String words) {}

  /**
   * Runs and waits. Interrupting the thread ends the command.
   *
   * @param binary the shim
   * @param key whose it is
   * @param bundle the working folder
   * @param arguments what comes behind the usual ones, the command last
   * @param stdin what it reads
   * @throws EngineException FAILED_PRECONDITION if the binary can't be run; DEADLINE_EXCEEDED;
   *     CANCELLED. The process is gone then
   */
  Result run(
      Path binary, Key key, Path bundle, List<String> arguments, byte[] stdin, Duration deadline) {
    String what = binary + " " + arguments.getLast();
    List<String> line = new ArrayList<>();
    line.addAll(
        List.of(
            binary.toString(),
            "-namespace",
            key.namespace().value(),
            "-address",
            settings.address(),
            "-publish-binary",
            settings.self(),
            "-id",
            key.id().value()));
    line.addAll(arguments);
    SpawnRequest request =
        SpawnRequest.of(line)
            .withFolder(bundle.toString())
            .withEnvironment(environment(key))
            .withInput(stdin)
            .withOutputLimit(MOST_OUTPUT)
            .withDeadline(deadline);
    SpawnResult result;
    try {
      result = spawner.run(request);
    } catch (LinuxException e) {
      throw new EngineException(
          e.is(Errno.ETIMEDOUT) ? ErrorKind.DEADLINE_EXCEEDED : ErrorKind.FAILED_PRECONDITION,
          "run the shim: %s; install it, or name another with the key 'shim' of the runtime's configuration"
              .formatted(e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, what + ": given up by the caller", e);
    }
    String words = words(result);
    if (result.timedOut()) {
      throw new EngineException(
          ErrorKind.DEADLINE_EXCEEDED,
          "%s did not finish within %d ms and was killed%s"
              .formatted(what, deadline.toMillis(), words.isEmpty() ? "" : ": " + words));
    }
    return new Result(result.status(), result.output(), words);
  }

  private Map<String, String> environment(Key key) {
    Map<String, String> environment = new HashMap<>();
    for (String name : INHERITED) {
      String value = System.getenv(name);
      if (value != null) {
        environment.put(name, value);
      }
    }
    environment.put("TTRPC_ADDRESS", settings.address() + ".ttrpc");
    environment.put("GRPC_ADDRESS", settings.address());
    environment.put("NAMESPACE", key.namespace().value());
    environment.put("MAX_SHIM_VERSION", "2");
    environment.put("GOMAXPROCS", "2");
    return environment;
  }

  /** What it said, complaints first. */
  private static String words(SpawnResult result) {
    String text = result.errorText().strip();
    if (text.isEmpty()) {
      text = new String(result.output(), StandardCharsets.UTF_8).strip();
    }
    return text.length() <= MOST_WORDS ? text : text.substring(0, MOST_WORDS) + "...";
  }
}
