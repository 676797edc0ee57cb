package org.felucca.engine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.LogOptions;
import org.jspecify.annotations.Nullable;

/**
 * The ways in which felucca-logger keeps a container's output, and the check of their options: what
 * is wrong is refused before anything is made.
 *
 * @param driver the driver of containers that name none
 * @param options its options, {@code name=value} each, or several between commas
 * @param journal the socket of systemd's journal
 */
record LogDrivers(String driver, String[] options, Path journal) {
  static final String CRI = "cri";
  static final String JSON_FILE = "json-file";
  static final String JOURNALD = "journald";
  static final String NONE = "none";

  static final String MAX_SIZE = "max-size";
  static final String MAX_FILE = "max-file";
  static final String FULL_DISK = "full-disk";
  static final String COMPRESS = "compress";
  static final String TAG = "tag";

  private static final Set<String> FILE_OPTIONS = Set.of(MAX_SIZE, MAX_FILE, FULL_DISK, COMPRESS);
  private static final Set<String> JOURNAL_OPTIONS =
      Set.of(MAX_SIZE, MAX_FILE, FULL_DISK, COMPRESS, TAG);
  private static final Map<String, String> DEFAULTS =
      Map.of(MAX_SIZE, "64m", MAX_FILE, "2", FULL_DISK, "drop");
  private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,14})([bkmgt]?)(i?b)?");
  private static final Pattern FIELD = Pattern.compile("\\{\\{ *\\.(\\w+) *\\}\\}");
  private static final int MOST_FILES = 1000;

  /** Compares by identity of the array, as nobody needs more. */
  LogDrivers {
    options = options.clone();
  }

  /**
   * Fills in what is configured, and what is usual.
   *
   * @throws EngineException INVALID_ARGUMENT for a driver or an option that there is not, or a
   *     value that makes no sense; FAILED_PRECONDITION for a driver that does not work on this
   *     machine
   */
  LogOptions check(LogOptions wanted) {
    Map<String, String> all = new LinkedHashMap<>();
    String name = wanted.driver();
    if (name == null || name.isEmpty()) {
      name = driver;
      for (String text : String.join(",", options).split(",", -1)) {
        String option = text.strip();
        if (option.isEmpty()) {
          continue;
        }
        int equals = option.indexOf('=');
        all.put(
            equals < 0 ? option : option.substring(0, equals),
            equals < 0 ? "" : option.substring(equals + 1));
      }
    }
    all.putAll(wanted.options());
    // podman's name of it
    String known = name.equals("k8s-file") ? CRI : name;
    Set<String> accepted =
        switch (known) {
          case CRI, JSON_FILE -> FILE_OPTIONS;
          case JOURNALD -> JOURNAL_OPTIONS;
          case NONE -> Set.of();
          default ->
              throw EngineException.invalid(
                  "--log-driver %s is unknown; there are cri, json-file, journald and none"
                      .formatted(Identifiers.quote(name)));
        };
    if (!wanted.keep() && wanted.driver() == null) {
      return LogOptions.DROPPED;
    }
    dropDocker(all);
    all.forEach((option, value) -> check(known, accepted, option, value));
    if (known.equals(JOURNALD) && !Files.exists(journal)) {
      throw EngineException.precondition(
          "--log-driver journald does not work here, for %s is not there: systemd's journal does not run, or log_journald_socket of etc/org.felucca.engine.cfg names another place; take json-file"
              .formatted(journal));
    }
    Map<String, String> full = new TreeMap<>();
    for (String option : accepted) {
      String usual = DEFAULTS.get(option);
      if (usual != null) {
        full.put(option, usual);
      }
    }
    full.putAll(all);
    if ("true".equals(full.get(COMPRESS))
        && ("1".equals(full.get(MAX_FILE)) || "-1".equals(full.get(MAX_SIZE)))) {
      throw EngineException.invalid(
          "--log-opt compress=true needs older files to compress: give max-size, and a max-file above 1");
    }
    return new LogOptions(!known.equals(NONE), known, full);
  }

  /** What docker's clients may say of the way that is the only one here. */
  private static void dropDocker(Map<String, String> all) {
    all.remove("compress", "false");
    all.remove("mode", "blocking");
  }

  private static void check(String driver, Set<String> accepted, String option, String value) {
    if (!accepted.contains(option)) {
      throw EngineException.invalid(
          accepted.isEmpty()
              ? "--log-driver %s has no options, so --log-opt %s makes no sense"
                  .formatted(driver, Identifiers.quote(option))
              : "--log-opt %s is unknown to log driver %s; it has %s"
                  .formatted(
                      Identifiers.quote(option),
                      driver,
                      String.join(", ", accepted.stream().sorted().toList())));
    }
    boolean good =
        switch (option) {
          case MAX_SIZE -> value.equals("-1") || bytes(value) != null;
          case MAX_FILE ->
              value.matches("[1-9][0-9]{0,3}") && Integer.parseInt(value) <= MOST_FILES;
          case FULL_DISK -> value.equals("drop") || value.equals("rotate");
          case COMPRESS -> value.equals("true") || value.equals("false");
          default ->
              tag(value, Map.of("ID", "", "FullID", "", "Name", "", "ImageName", "")) != null;
        };
    if (!good) {
      throw EngineException.invalid(
          "--log-opt %s=%s is not understood: %s"
              .formatted(
                  option,
                  value,
                  switch (option) {
                    case MAX_SIZE -> "write a size such as 10m or 1g, or -1 for none";
                    case MAX_FILE -> "write a number of files from 1 to " + MOST_FILES;
                    case COMPRESS -> "write true (older files are compressed) or false";
                    case FULL_DISK ->
                        "write drop (what can't be written is dropped) or rotate (the oldest file is removed)";
                    default ->
                        "write a text in which {{.ID}}, {{.FullID}}, {{.Name}} and {{.ImageName}} may stand";
                  }));
    }
  }

  /** A size in bytes; null if the text is none. */
  static @Nullable Long bytes(String text) {
    Matcher matcher = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return null;
    }
    int shift = 10 * Math.max(0, "bkmgt".indexOf(matcher.group(2)));
    long number = Long.parseLong(matcher.group(1));
    return matcher.group(2).isEmpty() || number <= Long.MAX_VALUE >> (shift + 1)
        ? (Long) (number << (matcher.group(2).isEmpty() ? 0 : shift))
        : null;
  }

  /** A tag with its fields filled in; null if it has unknown ones. */
  static @Nullable String tag(String text, Map<String, String> fields) {
    StringBuilder filled = new StringBuilder();
    Matcher matcher = FIELD.matcher(text);
    while (matcher.find()) {
      String value = fields.get(matcher.group(1));
      if (value == null) {
        return null;
      }
      matcher.appendReplacement(filled, Matcher.quoteReplacement(value));
    }
    matcher.appendTail(filled);
    return filled.indexOf("{{") >= 0 || filled.indexOf("\n") >= 0 ? null : filled.toString();
  }
}
