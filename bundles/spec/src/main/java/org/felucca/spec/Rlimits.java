package org.felucca.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.ProcessOptions.Ulimit;
import org.felucca.oci.JsonObject;

/** Limits of a process (setrlimit(2)). */
final class Rlimits {
  private static final Set<String> NAMES =
      Set.of(
          "as",
          "core",
          "cpu",
          "data",
          "fsize",
          "locks",
          "memlock",
          "msgqueue",
          "nice",
          "nofile",
          "nproc",
          "rss",
          "rtprio",
          "rttime",
          "sigpending",
          "stack");

  private Rlimits() {}

  /**
   * The member {@code rlimits}.
   *
   * @param own those of this process
   * @throws EngineException INVALID_ARGUMENT for a limit that makes no sense
   */
  static List<JsonObject> json(Map<String, Ulimit> wanted, OwnLimits own) {
    Map<String, Ulimit> limits = new TreeMap<>();
    long openFiles = own.openFiles();
    // Old programs walk through all numbers up to the soft limit, and Java raises its own.
    limits.put("nofile", new Ulimit(Math.min(1024, openFiles), openFiles));
    wanted.forEach(
        (name, limit) -> {
          if (!NAMES.contains(name)) {
            throw EngineException.invalid(
                "--ulimit %s is not known; there are %s"
                    .formatted(Identifiers.quote(name), NAMES.stream().sorted().toList()));
          }
          if (limit.soft() < -1
              || limit.hard() < -1
              || (limit.hard() >= 0 && (limit.soft() < 0 || limit.soft() > limit.hard()))) {
            throw EngineException.invalid(
                "--ulimit %s=%d:%d: the soft limit can't be above the hard one"
                    .formatted(name, limit.soft(), limit.hard()));
          }
          long most = own.most(name);
          if (most >= 0 && (limit.hard() < 0 || limit.hard() > most)) {
            throw EngineException.invalid(
                "--ulimit %s=%d:%d: this machine and engine allow at most %d"
                    .formatted(name, limit.soft(), limit.hard(), most));
          }
          limits.put(name, limit);
        });
    List<JsonObject> json = new ArrayList<>();
    limits.forEach(
        (name, limit) ->
            json.add(
                JsonObject.create("rlimit")
                    .put("type", "RLIMIT_" + name.toUpperCase(Locale.ROOT))
                    .put("hard", unlimited(limit.hard()))
                    .put("soft", unlimited(limit.soft()))));
    return json;
  }

  /** RLIM_INFINITY is all bits set, which JSON writes without a sign. */
  private static Object unlimited(long limit) {
    return limit < 0 ? new java.math.BigInteger("18446744073709551615") : (Object) limit;
  }
}
