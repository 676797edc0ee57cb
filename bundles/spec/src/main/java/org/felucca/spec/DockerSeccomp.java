package org.felucca.spec;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.SecurityOptions.Seccomp;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * A filter of system calls that a user brings: in Docker's form, whose rules may depend on
 * capabilities, processors and the kernel, or in that of the runtime specification, which is a part
 * of it.
 */
final class DockerSeccomp {
  private static final Set<String> ACTIONS =
      Set.of(
          "SCMP_ACT_KILL",
          "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_TRAP",
          "SCMP_ACT_ERRNO",
          "SCMP_ACT_TRACE",
          "SCMP_ACT_ALLOW",
          "SCMP_ACT_LOG");

  private static final Set<String> OPERATORS =
      Set.of(
          "SCMP_CMP_NE",
          "SCMP_CMP_LT",
          "SCMP_CMP_LE",
          "SCMP_CMP_EQ",
          "SCMP_CMP_GE",
          "SCMP_CMP_GT",
          "SCMP_CMP_MASKED_EQ");

  /** What the profile calls a processor, by Java's name for it. */
  private static final Map<String, String> ARCHITECTURES =
      Map.of("amd64", "amd64", "x86_64", "amd64", "aarch64", "arm64");

  private final String architecture;
  private final Set<String> capabilities;

  private DockerSeccomp(String architecture, List<String> capabilities) {
    this.architecture = architecture;
    this.capabilities = Set.copyOf(capabilities);
  }

  /**
   * The filter as a spec has it.
   *
   * @param javaArchitecture the machine's, as Java names it
   * @param capabilities those of the container
   * @throws EngineException INVALID_ARGUMENT if it is none
   */
  static JsonObject json(
      Seccomp.Profile profile, String javaArchitecture, List<String> capabilities) {
    String option = "--security-opt seccomp=" + profile.name();
    try {
      return new DockerSeccomp(
              ARCHITECTURES.getOrDefault(javaArchitecture, javaArchitecture), capabilities)
          .convert(
              Json.object(
                  profile.json().getBytes(java.nio.charset.StandardCharsets.UTF_8),
                  "the seccomp profile"));
    } catch (EngineException e) {
      throw e.during(option);
    }
  }

  private JsonObject convert(JsonObject profile) {
    JsonObject seccomp =
        JsonObject.create("seccomp")
            .put("defaultAction", action(profile.requiredString("defaultAction")));
    copy(profile, seccomp, "defaultErrnoRet");
    if (profile.has("flags")) {
      seccomp.put("flags", profile.strings("flags"));
    }
    List<String> architectures = architectures(profile);
    if (!architectures.isEmpty()) {
      seccomp.put("architectures", architectures);
    }
    List<JsonObject> rules = new ArrayList<>();
    for (JsonObject rule : profile.objects("syscalls")) {
      if (applies(rule)) {
        rules.add(rule(rule));
      }
    }
    return seccomp.put("syscalls", rules);
  }

  private List<String> architectures(JsonObject profile) {
    List<String> given = profile.strings("architectures");
    List<JsonObject> map = profile.objects("archMap");
    if (!given.isEmpty() && !map.isEmpty()) {
      throw profile.invalid("architectures and archMap are both there; keep one of them");
    }
    Set<String> result = new LinkedHashSet<>(given);
    String mine = architecture.equals("arm64") ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
    for (JsonObject entry : map) {
      if (entry.requiredString("architecture").equals(mine)) {
        result.add(mine);
        result.addAll(entry.strings("subArchitectures"));
      }
    }
    for (String name : result) {
      if (!name.startsWith("SCMP_ARCH_")) {
        throw profile.invalid("unknown architecture " + Identifiers.quote(name));
      }
    }
    return List.copyOf(result);
  }

  private static JsonObject rule(JsonObject rule) {
    List<String> names = new ArrayList<>(rule.strings("names"));
    String single = rule.string("name");
    if (single != null) {
      names.add(single);
    }
    if (names.isEmpty()) {
      throw rule.invalid("it names no system call");
    }
    JsonObject result =
        JsonObject.create("rule")
            .put("names", names)
            .put("action", action(rule.requiredString("action")));
    copy(rule, result, "errnoRet");
    List<JsonObject> arguments = new ArrayList<>();
    for (JsonObject argument : rule.objects("args")) {
      String operator = argument.requiredString("op");
      if (!OPERATORS.contains(operator)) {
        throw argument.invalid("unknown operator " + Identifiers.quote(operator));
      }
      long index = argument.requiredNumber("index");
      if (index < 0 || index > 5) {
        throw argument.invalid("index is not 0 to 5: " + index);
      }
      JsonObject copy =
          JsonObject.create("argument").put("index", index).put("value", argument.get("value"));
      if (argument.has("valueTwo")) {
        copy.put("valueTwo", argument.get("valueTwo"));
      }
      arguments.add(copy.put("op", operator));
    }
    return arguments.isEmpty() ? result : result.put("args", arguments);
  }

  /** Whether a rule is meant for this container on this machine. */
  private boolean applies(JsonObject rule) {
    JsonObject includes = rule.object("includes");
    JsonObject excludes = rule.object("excludes");
    if (includes != null) {
      if (!capabilities.containsAll(includes.strings("caps"))
          || (includes.has("arches") && !includes.strings("arches").contains(architecture))
          || !newEnough(includes.string("minKernel"))) {
        return false;
      }
    }
    if (excludes != null) {
      return excludes.strings("caps").stream().noneMatch(capabilities::contains)
          && !excludes.strings("arches").contains(architecture)
          && (!excludes.has("minKernel") || !newEnough(excludes.string("minKernel")));
    }
    return true;
  }

  private static boolean newEnough(@Nullable String wanted) {
    if (wanted == null || wanted.isEmpty()) {
      return true;
    }
    int[] least = kernel(wanted);
    int[] mine = kernel(System.getProperty("os.version", "0.0"));
    return mine[0] != least[0] ? mine[0] > least[0] : mine[1] >= least[1];
  }

  private static int[] kernel(String version) {
    String[] parts = version.split("[^0-9]+", 3);
    try {
      return new int[] {
        Integer.parseInt(parts[0]), parts.length > 1 ? Integer.parseInt(parts[1]) : 0
      };
    } catch (NumberFormatException e) {
      throw EngineException.invalid("minKernel is malformed: " + Identifiers.quote(version));
    }
  }

  private static String action(String name) {
    if (name.equals("SCMP_ACT_NOTIFY")) {
      throw EngineException.invalid("SCMP_ACT_NOTIFY needs a listener, which is not offered");
    }
    if (!ACTIONS.contains(name)) {
      throw EngineException.invalid(
          "unknown action %s; there are %s"
              .formatted(Identifiers.quote(name), ACTIONS.stream().sorted().toList()));
    }
    return name;
  }

  private static void copy(JsonObject from, JsonObject to, String name) {
    if (from.has(name)) {
      to.put(name, from.requiredNumber(name));
    }
  }
}
