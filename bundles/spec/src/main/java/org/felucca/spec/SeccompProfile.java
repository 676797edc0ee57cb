package org.felucca.spec;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.felucca.oci.JsonObject;

/**
 * The system calls that a container may make; every other fails with EPERM, and clone3 with ENOSYS,
 * after which C libraries take clone. The names are in {@code seccomp.conf} beside this class.
 */
final class SeccompProfile {
  /** The profile of every container. */
  static final SeccompProfile DEFAULT = load();

  /** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (sched.h). */
  private static final long NEW_NAMESPACES = 0x7E02_0000L;

  private static final int ENOSYS = 38;
  private static final int EPERM = 1;

  /**
   * Address families by blocks of (mask, value) of the low 32 bits, all that the kernel looks at:
   * everything up to AF_MCTP (45) but AF_ALG (38), the kernel's crypto, and AF_VSOCK (40), which
   * knows no network namespaces.
   */
  private static final long[][] FAMILIES = {
    {0xFFFF_FFE0L, 0},
    {0xFFFF_FFFCL, 32},
    {0xFFFF_FFFEL, 36},
    {0xFFFF_FFFFL, 39},
    {0xFFFF_FFFFL, 41},
    {0xFFFF_FFFEL, 42},
    {0xFFFF_FFFEL, 44}
  };

  /** Plain Linux, with and without short inodes and random addresses; the last asks which it is. */
  private static final long[] PERSONALITIES = {0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFFL};

  /** A group of names; condition is {@code always}, a capability or a processor. */
  private record Group(String condition, List<String> names) {}

  private static final int MOST_KNOWN = 16;

  private record Wanted(String architecture, List<String> capabilities) {}

  private final List<Group> groups;
  private final Map<Wanted, JsonObject> known = new ConcurrentHashMap<>();

  private SeccompProfile(List<Group> groups) {
    this.groups = groups;
  }

  /**
   * The profile as a spec has it.
   *
   * @param architecture the machine's, as Java names it
   * @param capabilities those of the container
   * @return frozen
   */
  JsonObject json(String architecture, List<String> capabilities) {
    Wanted wanted = new Wanted(architecture, List.copyOf(capabilities));
    JsonObject made = known.get(wanted);
    if (made == null) {
      made = make(architecture, capabilities).frozen();
      if (known.size() < MOST_KNOWN) {
        known.put(wanted, made);
      }
    }
    return made;
  }

  private JsonObject make(String architecture, List<String> capabilities) {
    boolean arm = architecture.equals("aarch64");
    Set<String> conditions = new TreeSet<>(capabilities);
    conditions.add("always");
    conditions.add(arm ? "aarch64" : "x86_64");
    Set<String> allowed = new TreeSet<>();
    for (Group group : groups) {
      if (conditions.contains(group.condition())) {
        allowed.addAll(group.names());
      }
    }
    List<JsonObject> rules = new ArrayList<>();
    rules.add(rule(List.copyOf(allowed)));
    for (long[] family : FAMILIES) {
      rules.add(masked("socket", 0, family[0], family[1]));
    }
    if (!arm) {
      // Its arguments are in memory, where no filter sees the family; without this rule the
      // filter's library would let its socket through, for the sake of the rules above.
      rules.add(refused("socketcall"));
    }
    for (long personality : PERSONALITIES) {
      rules.add(
          rule(List.of("personality"))
              .put("args", List.of(argument(0, personality, "SCMP_CMP_EQ"))));
    }
    if (!allowed.contains("clone")) {
      rules.add(masked("clone", 0, NEW_NAMESPACES, 0));
      rules.add(refused("clone3"));
    }
    return JsonObject.create("seccomp")
        .put("defaultAction", "SCMP_ACT_ERRNO")
        .put("defaultErrnoRet", EPERM)
        .put(
            "architectures",
            arm
                ? List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM")
                : List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"))
        .put("syscalls", rules);
  }

  private static JsonObject rule(List<String> names) {
    return JsonObject.create("rule").put("names", names).put("action", "SCMP_ACT_ALLOW");
  }

  private static JsonObject refused(String name) {
    return JsonObject.create("rule")
        .put("names", List.of(name))
        .put("action", "SCMP_ACT_ERRNO")
        .put("errnoRet", ENOSYS);
  }

  private static JsonObject masked(String name, int index, long mask, long value) {
    return rule(List.of(name))
        .put("args", List.of(argument(index, mask, "SCMP_CMP_MASKED_EQ").put("valueTwo", value)));
  }

  private static JsonObject argument(int index, long value, String operator) {
    return JsonObject.create("argument")
        .put("index", index)
        .put("value", value)
        .put("op", operator);
  }

  private static SeccompProfile load() {
    try (InputStream in = SeccompProfile.class.getResourceAsStream("seccomp.conf")) {
      if (in == null) {
        throw new IllegalStateException("seccomp.conf is missing in the bundle");
      }
      List<Group> groups = new ArrayList<>();
      List<String> names = new ArrayList<>();
      for (String line :
          new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList()) {
        String text = line.strip();
        if (text.startsWith("[")) {
          names = new ArrayList<>();
          groups.add(new Group(text.substring(1, text.length() - 1), names));
        } else if (!text.isEmpty() && !text.startsWith("#")) {
          names.addAll(List.of(text.split(" +")));
        }
      }
      return new SeccompProfile(List.copyOf(groups));
    } catch (IOException e) {
      throw new IllegalStateException("seccomp.conf can't be read", e);
    }
  }
}
