package org.felucca.launcher;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;

/**
 * What feluccad was asked on its command line.
 *
 * @param root where everything that survives a reboot lives
 * @param state where sockets, mounts and bundles of running containers live; need not survive a
 *     reboot
 * @param address the socket of the gRPC services
 * @param config the folder of {@code *.cfg} files, watched for changes
 * @param level what is logged
 * @param action what to do
 */
record Options(Path root, Path state, Path address, Path config, Level level, Action action) {
  /** What feluccad was started for. */
  enum Action {
    /** Serve until a signal comes. */
    SERVE,
    /** Serve until ready, then stop: the training run from which the JVM's AOT cache is made. */
    REHEARSE,
    VERSION,
    HELP
  }

  static final String HELP =
      """
      usage: feluccad [--root DIR] [--state DIR] [--address SOCKET] [--config DIR] [--log-level LEVEL]

        --root DIR        images, content, snapshots and records (/var/lib/felucca)
        --state DIR       sockets and running containers, best on a tmpfs (/run/felucca)
        --address SOCKET  where the engine's services listen (felucca.sock in the state folder)
        --config DIR      *.cfg files, read again when they change (etc beside bin)
        --log-level LEVEL error, warn, info, debug or trace (info)
        --version         print the version and end
        --help            print this and end

      It runs in the foreground and logs to standard error. SIGTERM or SIGINT stops it; containers go on.
      """;

  private static final Map<String, Level> LEVELS =
      Map.of(
          "error", Level.SEVERE,
          "warn", Level.WARNING,
          "info", Level.INFO,
          "debug", Level.FINE,
          "trace", Level.FINEST);

  /**
   * Reads the command line.
   *
   * @param arguments as main gets them
   * @param home the distribution's folder
   * @throws StartException for an unknown option, a missing or an impossible value
   */
  static Options parse(List<String> arguments, Path home) throws StartException {
    Map<String, String> values = new HashMap<>();
    Action action = Action.SERVE;
    ArrayDeque<String> rest = new ArrayDeque<>(arguments);
    while (!rest.isEmpty()) {
      String argument = rest.removeFirst();
      switch (argument) {
        case "--help", "-h" -> action = Action.HELP;
        case "--version" -> action = Action.VERSION;
        case "--rehearse" -> action = Action.REHEARSE;
        default -> {
          int equals = argument.indexOf('=');
          String name = equals < 0 ? argument : argument.substring(0, equals);
          String value = equals < 0 ? rest.pollFirst() : argument.substring(equals + 1);
          values.put(name, checked(name, value));
        }
      }
    }
    Path state = absolute(values.getOrDefault("--state", "/run/felucca"));
    String address = values.get("--address");
    return new Options(
        absolute(values.getOrDefault("--root", "/var/lib/felucca")),
        state,
        address == null ? state.resolve("felucca.sock") : absolute(address),
        absolute(values.getOrDefault("--config", home.resolve("etc").toString())),
        level(values.getOrDefault("--log-level", "info")),
        action);
  }

  private static String checked(String name, @Nullable String value) throws StartException {
    return switch (name) {
      case "--root", "--state", "--address", "--config", "--log-level" -> {
        if (value == null || value.isEmpty()) {
          throw new StartException(name + " needs a value; see feluccad --help");
        }
        yield value;
      }
      default -> throw new StartException("unknown argument '" + name + "'; see feluccad --help");
    };
  }

  private static Level level(String name) throws StartException {
    Level level = LEVELS.get(name.toLowerCase(Locale.ROOT));
    if (level != null) {
      return level;
    }
    try {
      return Level.parse(name.toUpperCase(Locale.ROOT)); // as Java calls them
    } catch (IllegalArgumentException e) {
      throw new StartException(
          "--log-level '" + name + "' is unknown; give error, warn, info, debug or trace", e);
    }
  }

  private static Path absolute(String path) {
    return Path.of(path).toAbsolutePath().normalize();
  }
}
