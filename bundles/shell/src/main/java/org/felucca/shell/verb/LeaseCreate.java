package org.felucca.shell.verb;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.shell.view.Times;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a lease. */
final class LeaseCreate extends Verb {
  @Option(names = "--id", paramLabel = "ID", description = "what to call it (else one is made up)")
  @Nullable String id;

  @Option(
      names = {"-x", "--expires"},
      paramLabel = "DURATION",
      description = "when it ends by itself, such as 90s or 24h (else never)")
  @Nullable String expires;

  @Parameters(
      arity = "0..*",
      paramLabel = "LABEL=VALUE",
      description = "labels, containerd.io/gc.flat for one")
  List<String> labels = new ArrayList<>();

  @Override
  protected void run() {
    Scope scope = scope();
    Map<String, String> all = pairs("label", labels);
    if (expires != null) {
      all.put(LeaseList.EXPIRE, end(expires).truncatedTo(ChronoUnit.SECONDS).toString());
    }
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    String name = id == null ? "lease-" + HexFormat.of().formatHex(random) : id;
    say(services().leases().use(store -> store.create(scope, name, all)).id());
  }

  /** A second more, as times of leases are whole seconds: none ends too early. */
  private static Instant end(String text) {
    Instant now = Instant.now();
    // Anything that Times reads and that does not end with a unit is a point in time.
    Duration length =
        text.matches(".*[a-z]")
            ? Duration.between(Times.parse("--expires", text, now), now)
            : Duration.ZERO;
    if (length.isZero() || length.isNegative()) {
      throw EngineException.invalid(
          "--expires %s must be a length of time, such as 90s or 24h".formatted(text));
    }
    return now.plus(length).plusMillis(999);
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "", "What is made with --lease ID stays until the lease ends, also if nothing else uses it."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca lease create --id build --expires 2h",
        "felucca image import --lease build --no-unpack base.tar");
  }
}
