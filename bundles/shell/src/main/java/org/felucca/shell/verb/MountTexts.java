package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.MountOption;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;

/** Mounts as people type them. */
final class MountTexts {
  private static final Set<String> PROPAGATION =
      Set.of("private", "rprivate", "shared", "rshared", "slave", "rslave");
  private static final Set<String> FLAGS =
      Set.of("nosuid", "suid", "nodev", "dev", "noexec", "exec");

  private MountTexts() {}

  /** Reads {@code [HERE:]THERE[:OPTION,...]}. */
  static MountOption volume(Call call, String text) {
    String[] parts = text.split(":", -1);
    int there = parts.length == 1 ? 0 : 1;
    if (parts.length > 3 || parts[0].isEmpty() || !parts[there].startsWith("/")) {
      throw EngineException.invalid(
          "--volume %s is not understood: write it as /here:/there, name:/there or /there, and :ro behind it"
              .formatted(text.isEmpty() ? Identifiers.quote(text) : text));
    }
    boolean readOnly = false;
    boolean writable = false;
    boolean copy = true;
    List<String> more = new ArrayList<>();
    for (String option : parts.length == 3 ? parts[2].split(",", -1) : new String[0]) {
      switch (option) {
        case "ro" -> readOnly = true;
        case "rw" -> writable = true;
        case "nocopy" -> copy = false;
        case "bind", "rbind" -> more.add(option);
        case "z", "Z" -> {
          // Labels of SELinux, which is not offered: there is nothing to relabel.
        }
        default -> {
          if (!PROPAGATION.contains(option) && !FLAGS.contains(option)) {
            throw EngineException.invalid(
                "--volume %s: the option %s is unknown; there are ro, rw, nocopy, nosuid, nodev, noexec and [r]private, [r]shared, [r]slave"
                    .formatted(text, Identifiers.quote(option)));
          }
          more.add(option);
        }
      }
    }
    if (readOnly && writable) {
      throw EngineException.invalid(
          "--volume %s: ro and rw contradict each other; give one of them".formatted(text));
    }
    if (parts.length > 1 && isPath(parts[0])) {
      if (!copy) {
        throw EngineException.invalid(
            "--volume %s: nocopy is for volumes; a folder of this machine is never filled"
                .formatted(text));
      }
      return new MountOption.Bind(call.path(parts[0]), parts[1], readOnly, more);
    }
    String name = parts.length == 1 ? null : parts[0];
    return new MountOption.Volume(name, parts[there], readOnly, copy, more);
  }

  private static boolean isPath(String text) {
    return text.startsWith("/") || text.startsWith(".") || text.indexOf('/') >= 0;
  }

  /** Reads {@code type=...,source=...,target=...}. */
  static MountOption mount(Call call, String text) {
    Map<String, String> fields = fields(text);
    String type = take(fields, "type");
    String source = take(fields, "source", "src");
    String target = take(fields, "target", "destination", "dst");
    boolean readOnly = flag(fields, text, "readonly", "ro");
    if (target == null || !target.startsWith("/")) {
      throw malformed(text, "give target=, an absolute path in the container");
    }
    MountOption mount =
        switch (type == null ? "volume" : type) {
          case "bind" -> bind(call, text, fields, source, target, readOnly);
          case "volume" ->
              new MountOption.Volume(
                  source == null || source.isEmpty() ? null : source,
                  target,
                  readOnly,
                  !flag(fields, text, "volume-nocopy"),
                  List.of());
          case "tmpfs" -> tmpfs(text, fields, source, target, readOnly);
          default -> throw malformed(text, "there are type=bind, type=volume and type=tmpfs");
        };
    take(fields, "consistency");
    if (!fields.isEmpty()) {
      throw malformed(
          text,
          "%s is not known for it".formatted(Identifiers.quote(fields.keySet().iterator().next())));
    }
    return mount;
  }

  private static MountOption bind(
      Call call,
      String text,
      Map<String, String> fields,
      @Nullable String source,
      String target,
      boolean readOnly) {
    if (source == null || source.isEmpty()) {
      throw malformed(text, "give source=, a folder or file of this machine");
    }
    List<String> options = new ArrayList<>();
    String propagation = take(fields, "bind-propagation");
    if (propagation != null) {
      if (!PROPAGATION.contains(propagation)) {
        throw malformed(text, "bind-propagation is [r]private, [r]shared or [r]slave");
      }
      options.add(propagation);
    }
    if (flag(fields, text, "bind-nonrecursive")) {
      options.add("bind");
    }
    Path here = call.path(source);
    return new MountOption.Bind(here, target, readOnly, options);
  }

  private static MountOption tmpfs(
      String text,
      Map<String, String> fields,
      @Nullable String source,
      String target,
      boolean readOnly) {
    if (source != null) {
      throw malformed(text, "a tmpfs has no source; leave it out");
    }
    String size = take(fields, "tmpfs-size");
    String mode = take(fields, "tmpfs-mode");
    return new MountOption.Tmpfs(
        target,
        size == null ? null : ByteSize.parse("--mount tmpfs-size", size),
        mode == null ? null : mode("--mount " + text, mode),
        readOnly ? List.of("ro") : List.of());
  }

  /** Reads {@code THERE[:OPTION,...]}. */
  static MountOption tmpfs(String text) {
    int colon = text.indexOf(':');
    String target = colon < 0 ? text : text.substring(0, colon);
    if (!target.startsWith("/")) {
      throw EngineException.invalid(
          "--tmpfs %s is not understood: write it as /there or /there:size=64m,mode=1777"
              .formatted(text));
    }
    Long size = null;
    Integer mode = null;
    List<String> more = new ArrayList<>();
    for (String option : colon < 0 ? new String[0] : text.substring(colon + 1).split(",", -1)) {
      if (option.startsWith("size=")) {
        size = ByteSize.parse("--tmpfs size", option.substring("size=".length()));
      } else if (option.startsWith("mode=")) {
        mode = mode("--tmpfs " + text, option.substring("mode=".length()));
      } else if (option.equals("ro") || option.equals("rw") || FLAGS.contains(option)) {
        more.add(option);
      } else {
        throw EngineException.invalid(
            "--tmpfs %s: the option %s is unknown; there are size=, mode=, ro, rw, [no]exec, [no]suid and [no]dev"
                .formatted(text, Identifiers.quote(option)));
      }
    }
    return new MountOption.Tmpfs(target, size, mode, more);
  }

  private static int mode(String text, String mode) {
    if (!mode.matches("[0-7]{1,5}")) {
      throw EngineException.invalid(
          "%s: the mode %s is not octal; write it as 1777"
              .formatted(text, Identifiers.quote(mode)));
    }
    return Integer.parseInt(mode, 8);
  }

  /** Fields with commas between them; a field in double quotes may hold commas itself. */
  private static Map<String, String> fields(String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (char c : (text + ",").toCharArray()) {
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        int equals = field.indexOf("=");
        String name = equals < 0 ? field.toString() : field.substring(0, equals);
        if (name.isBlank() || fields.containsKey(name)) {
          throw malformed(text, "each field is given once, with a comma between two");
        }
        fields.put(name.strip(), equals < 0 ? "true" : field.substring(equals + 1));
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    if (quoted) {
      throw malformed(text, "a double quote is not closed");
    }
    return fields;
  }

  private static @Nullable String take(Map<String, String> fields, String... names) {
    String value = null;
    for (String name : names) {
      String found = fields.remove(name);
      value = found == null ? value : found;
    }
    return value;
  }

  private static boolean flag(Map<String, String> fields, String text, String... names) {
    String value = take(fields, names);
    return switch (value) {
      case null -> false;
      case "true", "1" -> true;
      case "false", "0" -> false;
      default -> throw malformed(text, names[0] + " is true or false");
    };
  }

  private static EngineException malformed(String text, String what) {
    return EngineException.invalid("--mount %s is not understood: %s".formatted(text, what));
  }
}
