package org.felucca.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.linux.Signal;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;

/** Lines of a Dockerfile that change how containers of an image run. */
final class CommitChanges {
  private CommitChanges() {}

  /**
   * Applies them.
   *
   * @param config the member {@code config} of an image's config
   * @throws EngineException INVALID_ARGUMENT, naming the line
   */
  static void apply(List<String> lines, JsonObject config) {
    boolean command = false;
    for (String line : lines) {
      String text = line.strip();
      int space = text.replace('\t', ' ').indexOf(' ');
      String word = (space < 0 ? text : text.substring(0, space)).toUpperCase(Locale.ROOT);
      String rest = space < 0 ? "" : text.substring(space + 1).strip();
      if (rest.isEmpty()) {
        throw wrong(line, "write an instruction and its value, such as 'ENV NAME=value'");
      }
      switch (word) {
        case "CMD" -> {
          config.put("Cmd", arguments(line, rest));
          command = true;
        }
        case "ENTRYPOINT" -> {
          config.put("Entrypoint", arguments(line, rest));
          if (!command) {
            config.remove("Cmd"); // what were its arguments are not those of another program
          }
        }
        case "ENV" -> pairs(line, rest).forEach(pair -> setVariable(config, pair));
        case "LABEL" -> {
          JsonObject labels = config.objectOrNew("Labels");
          pairs(line, rest).forEach(pair -> labels.put(pair.getKey(), pair.getValue()));
        }
        case "USER" -> config.put("User", rest);
        case "WORKDIR" -> config.put("WorkingDir", folder(config, rest));
        case "EXPOSE" -> {
          JsonObject ports = config.objectOrNew("ExposedPorts");
          words(line, rest).forEach(port -> ports.put(port(line, port), Map.of()));
        }
        case "VOLUME" -> {
          JsonObject volumes = config.objectOrNew("Volumes");
          List<String> paths = rest.startsWith("[") ? arguments(line, rest) : words(line, rest);
          paths.forEach(path -> volumes.put(path, Map.of()));
        }
        case "STOPSIGNAL" -> config.put("StopSignal", signal(line, rest));
        default ->
            throw wrong(
                line,
                "only CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR can be changed");
      }
    }
  }

  private static EngineException wrong(String line, String why) {
    return EngineException.invalid("--change %s: %s".formatted(Identifiers.quote(line), why));
  }

  /** The exec form, else the shell form. */
  private static List<String> arguments(String line, String rest) {
    if (!rest.startsWith("[")) {
      return List.of("/bin/sh", "-c", rest);
    }
    try {
      return Json.object(
              ("{\"list\":" + rest + "}").getBytes(java.nio.charset.StandardCharsets.UTF_8), "list")
          .strings("list");
    } catch (EngineException e) {
      throw wrong(line, "write a list as [\"one\", \"two\"]");
    }
  }

  private static void setVariable(JsonObject config, Map.Entry<String, String> pair) {
    List<String> all = new ArrayList<>(config.strings("Env"));
    String start = pair.getKey() + "=";
    String whole = start + pair.getValue();
    boolean known = all.stream().anyMatch(variable -> variable.startsWith(start));
    if (known) {
      all.replaceAll(variable -> variable.startsWith(start) ? whole : variable);
    } else {
      all.add(whole);
    }
    config.put("Env", all);
  }

  private static String folder(JsonObject config, String rest) {
    String before = config.string("WorkingDir", "");
    return java.nio.file.Path.of("/")
        .resolve(before.isEmpty() ? "/" : before)
        .resolve(rest)
        .normalize()
        .toString();
  }

  private static String port(String line, String text) {
    if (!text.matches("[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?")) {
      throw wrong(line, "write a port as 80 or 80/udp");
    }
    return text.contains("/") ? text : text + "/tcp";
  }

  private static String signal(String line, String text) {
    try {
      Signal.parse(text);
      return text;
    } catch (IllegalArgumentException e) {
      throw wrong(line, Identifiers.quote(text) + " is no signal");
    }
  }

  /** {@code NAME=value} several times, or once {@code NAME value}. */
  private static List<Map.Entry<String, String>> pairs(String line, String rest) {
    List<String> words = words(line, rest);
    List<Map.Entry<String, String>> pairs = new ArrayList<>();
    if (words.getFirst().indexOf('=') < 0) {
      int space = rest.replace('\t', ' ').indexOf(' ');
      if (space < 0) {
        throw wrong(line, "write it as NAME=value");
      }
      return List.of(Map.entry(rest.substring(0, space), rest.substring(space + 1).strip()));
    }
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals <= 0) {
        throw wrong(line, "write it as NAME=value");
      }
      pairs.add(Map.entry(word.substring(0, equals), word.substring(equals + 1)));
    }
    return pairs;
  }

  /** Words between spaces; quotes and backslashes keep spaces. */
  private static List<String> words(String line, String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean begun = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
        begun = true;
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        begun = true;
      } else if (c == ' ' || c == '\t') {
        if (begun) {
          words.add(word.toString());
          word.setLength(0);
          begun = false;
        }
      } else {
        word.append(c);
        begun = true;
      }
    }
    if (quote != 0) {
      throw wrong(line, "a quote is not closed");
    }
    if (begun) {
      words.add(word.toString());
    }
    return words;
  }
}
