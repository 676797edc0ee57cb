package org.felucca.runtime.oci;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.linux.Epoll;
import org.felucca.linux.LinuxException;
import org.felucca.linux.SpawnRequest;
import org.felucca.linux.SpawnResult;
import org.felucca.linux.Spawner;

/** A short question to a binary. */
final class Question {
  private static final int MOST = 1 << 20;
  private static final int LONGEST_QUOTE = 300;

  private Question() {}

  /**
   * What it answered.
   *
   * @param status its exit status
   * @param out what it printed
   * @param err what it complained of
   */
  record Answer(int status, String out, String err) {}

  /**
   * Asks.
   *
   * @throws EngineException FAILED_PRECONDITION if the binary can't be run, does not end in time or
   *     prints without end; CANCELLED on interruption. The process is gone then
   */
  static Answer ask(Path binary, String argument, Duration deadline) {
    String what = binary + " " + argument;
    SpawnResult result;
    try (Epoll epoll = Epoll.start("felucca-runtime-question")) {
      result =
          new Spawner(epoll)
              .run(
                  SpawnRequest.of(binary.toString(), argument)
                      .withEnvironment(environment())
                      .withOutputLimit(MOST)
                      .withDeadline(deadline));
    } catch (LinuxException e) {
      throw new EngineException(
          ErrorKind.FAILED_PRECONDITION,
          "run %s: %s; install a build for this machine".formatted(what, e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, what + ": given up by the caller", e);
    }
    if (result.timedOut()) {
      throw EngineException.precondition(
          "%s did not end within %d ms and was killed; try it by hand, or take another runtime"
              .formatted(what, deadline.toMillis()));
    }
    if (result.truncated()) {
      throw EngineException.precondition(
          "%s printed more than %d bytes; is it an OCI runtime?".formatted(what, MOST));
    }
    return new Answer(result.status(), result.outputText().strip(), result.errorText().strip());
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    for (String name : List.of("PATH", "HOME", "LANG")) {
      String value = System.getenv(name);
      if (value != null) {
        environment.put(name, value);
      }
    }
    return environment;
  }

  /** A stranger's words for a message. */
  static String quote(String words) {
    return words.isEmpty()
        ? "nothing"
        : Identifiers.quote(
            words.length() <= LONGEST_QUOTE ? words : words.substring(0, LONGEST_QUOTE) + "...");
  }
}
