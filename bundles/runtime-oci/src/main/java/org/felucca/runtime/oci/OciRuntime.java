package org.felucca.runtime.oci;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.oci.Json;
import org.jspecify.annotations.Nullable;

/**
 * One configured OCI runtime. What its binary says is remembered until the file changes; that it
 * did not answer in time is remembered for a while only.
 */
final class OciRuntime implements Runtime {
  private static final Logger LOG = Logger.getLogger(OciRuntime.class.getName());

  /** How long the binary may take to answer. */
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  /** How long nobody waits again for one that hung. */
  private static final Duration QUIET = Duration.ofMinutes(1);

  private static final Pattern SPEC =
      Pattern.compile("^spec:\\s*v?(\\d+\\.\\d+\\.\\d+)", Pattern.MULTILINE);
  private static final Pattern RELEASE = Pattern.compile("^v?(\\d+\\.\\d+\\.\\d+)");

  /** The shim that comes with Felucca. */
  private static final String OWN_SHIM = "felucca-shim";

  /** What nearly every runtime takes; for one that does not say. */
  private static final String DEFAULT_OCI_VERSION = "1.0.2";

  private final RuntimeSettings settings;
  private final Duration deadline;
  private final Duration quiet;
  private final ReentrantLock asking = new ReentrantLock();
  private volatile @Nullable Known known;
  private volatile @Nullable Hung hung;

  private record Known(String identity, RuntimeInfo info) {}

  private record Hung(String identity, EngineException failure, long until) {}

  OciRuntime(RuntimeSettings settings) {
    this(settings, DEADLINE, QUIET);
  }

  OciRuntime(RuntimeSettings settings, Duration deadline, Duration quiet) {
    this.settings = settings;
    this.deadline = deadline;
    this.quiet = quiet;
  }

  @Override
  public RuntimeInfo info() {
    Path binary = binary();
    String identity = Binaries.identity(binary);
    Known remembered = known;
    if (remembered != null && remembered.identity.equals(identity)) {
      return remembered.info;
    }
    asking.lock();
    try {
      remembered = known;
      if (remembered != null && remembered.identity.equals(identity)) {
        return remembered.info;
      }
      refuseIfHung(identity);
      RuntimeInfo info = askOrRemember(binary, identity);
      known = new Known(identity, info);
      return info;
    } finally {
      asking.unlock();
    }
  }

  /** Who lists the runtimes should not wait for a broken one each time. */
  private void refuseIfHung(String identity) {
    Hung before = hung;
    if (before != null && before.identity.equals(identity)) {
      long rest = before.until - System.nanoTime();
      if (rest > 0) {
        throw new EngineException(
            before.failure.kind(),
            "%s; it is asked again in %d s, or when its file has changed"
                .formatted(before.failure.getMessage(), rest / 1_000_000_000 + 1),
            before.failure);
      }
      hung = null;
    }
  }

  private RuntimeInfo askOrRemember(Path binary, String identity) {
    long begin = System.nanoTime();
    try {
      return ask(binary);
    } catch (EngineException e) {
      long end = System.nanoTime();
      if (e.kind() != ErrorKind.CANCELLED && end - begin >= deadline.toNanos()) {
        hung = new Hung(identity, e, end + quiet.toNanos());
      }
      throw e;
    }
  }

  private Path binary() {
    return Binaries.find(
        "the binary of runtime " + settings.name(),
        settings.binary(),
        settings.folders(),
        "binary");
  }

  private RuntimeInfo ask(Path binary) {
    Question.Answer version = Question.ask(binary, "--version", deadline);
    if (version.status() != 0) {
      throw EngineException.precondition(
          "%s --version ended with status %d and said %s; install a build for this machine"
              .formatted(
                  binary,
                  version.status(),
                  Question.quote(version.err().isEmpty() ? version.out() : version.err())));
    }
    String line = version.out().lines().findFirst().orElse("");
    if (!line.matches(".*\\d+\\.\\d+.*") || line.length() > 200) {
      throw EngineException.precondition(
          "%s --version said %s, which is no version; is it an OCI runtime?"
              .formatted(binary, Question.quote(line)));
    }
    warn(binary, line);
    String features = features(binary);
    return new RuntimeInfo(binary, line, ociVersion(features, version.out()), features);
  }

  private void warn(Path binary, String line) {
    List<String> holes = KnownHoles.of(line);
    if (holes.isEmpty()) {
      return;
    }
    String all = String.join("; ", holes);
    if (settings.refuseVulnerable()) {
      throw EngineException.precondition(
          "%s is %s, which has known holes (%s) and is refused by refuse_vulnerable=true; install a newer one"
              .formatted(binary, line, all));
    }
    LOG.log(
        Level.WARNING,
        "runtime has known holes unless its distribution closed them name={0} binary={1} version=\"{2}\" holes=\"{3}\"",
        new Object[] {settings.name(), binary, line, all});
  }

  /** The answer to {@code features}; empty from a runtime that has no such command. */
  private String features(Path binary) {
    Question.Answer answer = Question.ask(binary, "features", deadline);
    if (answer.status() != 0 || !answer.out().startsWith("{")) {
      return "";
    }
    try {
      Json.object(answer.out().getBytes(java.nio.charset.StandardCharsets.UTF_8), "features");
      return answer.out();
    } catch (EngineException e) {
      LOG.log(
          Level.WARNING,
          "runtime says nonsense of its features name={0} reason={1}",
          new Object[] {settings.name(), e.getMessage()});
      return "";
    }
  }

  private static String ociVersion(String features, String version) {
    if (!features.isEmpty()) {
      String newest =
          Json.object(features.getBytes(java.nio.charset.StandardCharsets.UTF_8), "features")
              .string("ociVersionMax", "");
      Matcher release = RELEASE.matcher(newest);
      if (release.find()) {
        return release.group(1);
      }
    }
    Matcher spec = SPEC.matcher(version);
    return spec.find() ? spec.group(1) : DEFAULT_OCI_VERSION;
  }

  @Override
  public Path shim() {
    String home = settings.home();
    if (home != null && settings.shim().equals(OWN_SHIM)) {
      Path own = Path.of(home, "bin", OWN_SHIM);
      if (Files.isExecutable(own)) {
        return own;
      }
    }
    return Binaries.find(
        "the shim of runtime " + settings.name(), settings.shim(), settings.folders(), "shim");
  }

  @Override
  public RuntimeOptions options() {
    return new RuntimeOptions(
        binary().toString(),
        settings.root().toString(),
        settings.systemdCgroup(),
        settings.noPivotRoot(),
        settings.noNewKeyring());
  }

  @Override
  public String toString() {
    return "runtime " + settings.name() + " (" + settings.description() + ")";
  }
}
