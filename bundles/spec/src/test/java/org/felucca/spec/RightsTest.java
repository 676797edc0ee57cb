package org.felucca.spec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.ProcessOptions.Ulimit;
import org.felucca.api.container.SecurityOptions;
import org.felucca.api.container.SecurityOptions.Seccomp;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Capabilities, system calls, kernel parameters and limits of a process. */
class RightsTest {
  private static List<String> granted(List<String> add, List<String> drop, boolean privileged) {
    return granted(add, drop, privileged, -1L);
  }

  private static List<String> granted(
      List<String> add, List<String> drop, boolean privileged, long held) {
    return Capabilities.granted(
        new SecurityOptions(
            privileged,
            true,
            add,
            drop,
            new Seccomp.Default(),
            null,
            List.of(),
            List.of(),
            Map.of()),
        held);
  }

  @Test
  void granted_asDockerWorksItOut() {
    assertEquals(41, Capabilities.ALL.size());
    assertEquals(Capabilities.DEFAULT, granted(List.of(), List.of(), false));
    assertEquals(Capabilities.ALL, granted(List.of(), List.of("ALL"), true));
    assertEquals(Capabilities.ALL, granted(List.of("all"), List.of(), false));
    assertEquals(40, granted(List.of("ALL"), List.of("cap_sys_admin"), false).size());
    assertEquals(List.of("CAP_KILL"), granted(List.of("kill"), List.of("ALL"), false));
    List<String> some = granted(List.of("SYS_TIME", "CHOWN"), List.of("CHOWN", "MKNOD"), false);
    assertTrue(some.contains("CAP_SYS_TIME") && some.contains("CAP_CHOWN"));
    assertFalse(some.contains("CAP_MKNOD"));
  }

  @Test
  void granted_whatTheEngineLacks_isLeftOutOrRefused() {
    long held = ~(1L << 24);
    assertFalse(granted(List.of("ALL"), List.of(), false, held).contains("CAP_SYS_RESOURCE"));
    assertFalse(granted(List.of(), List.of(), true, held).contains("CAP_SYS_RESOURCE"));
    assertThrows(
        EngineException.class, () -> granted(List.of("SYS_RESOURCE"), List.of(), false, held));
    assertThrows(EngineException.class, () -> granted(List.of("FLY"), List.of(), false));
    assertThrows(EngineException.class, () -> granted(List.of(), List.of("FLY"), false));
  }

  private static JsonObject seccomp(String json, String... capabilities) {
    return DockerSeccomp.json(new Seccomp.Profile("file", json), "amd64", List.of(capabilities));
  }

  @Test
  void seccomp_rulesThatDependOnTheContainer_areDecided() {
    String profile =
        """
        {"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,
         "archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]},
                    {"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]}],
         "syscalls":[
          {"names":["a"],"action":"SCMP_ACT_ALLOW","comment":"c","includes":{},"excludes":{}},
          {"names":["b"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_BPF"]}},
          {"names":["c"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":["CAP_BPF"]}},
          {"names":["d"],"action":"SCMP_ACT_ALLOW","includes":{"arches":["arm64"]}},
          {"names":["e"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"4.8"}},
          {"names":["f"],"action":"SCMP_ACT_ALLOW","includes":{"minKernel":"99.0"}},
          {"name":"g","action":"SCMP_ACT_ALLOW",
           "args":[{"index":0,"value":18446744073709551615,"valueTwo":0,"op":"SCMP_CMP_EQ"}]}]}
        """;
    JsonObject plain = seccomp(profile);
    assertEquals(
        List.of("a", "c", "e", "g"),
        plain.objects("syscalls").stream().flatMap(r -> r.strings("names").stream()).toList());
    assertEquals(List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"), plain.strings("architectures"));
    assertTrue(plain.toString().contains("18446744073709551615"), plain::toString);
    assertEquals(
        List.of("a", "b", "e", "g"),
        seccomp(profile, "CAP_BPF").objects("syscalls").stream()
            .flatMap(r -> r.strings("names").stream())
            .toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"defaultAction\":\"ALLOW\"}",
        "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x86\"]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\"}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":9,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"new\"}}]}"
      })
  void seccomp_profileThatMakesNoSense_isRefused(String profile) {
    EngineException e = assertThrows(EngineException.class, () -> seccomp(profile));
    assertTrue(String.valueOf(e.getMessage()).startsWith("--security-opt seccomp=file: "));
  }

  @Test
  void sysctls_ofOwnNamespacesOnly() {
    Map<String, String> good =
        Map.of("net.core.somaxconn", "1", "kernel.sem", "1 2\t3 4", "fs.mqueue.msg_max", "5");
    assertEquals(good, Sysctls.checked(good, NamespaceOptions.PRIVATE));
    assertEquals(
        Map.of("net.ipv4.ip_forward", "1"),
        Sysctls.checked(Map.of("net/ipv4/ip_forward", "1"), NamespaceOptions.PRIVATE));
    NamespaceOptions shared =
        new NamespaceOptions(
            NamespaceMode.DEFAULT,
            NamespaceMode.of("x"),
            NamespaceMode.DEFAULT,
            NamespaceMode.DEFAULT,
            NamespaceMode.HOST,
            "");
    for (String name : good.keySet()) {
      assertThrows(EngineException.class, () -> Sysctls.checked(Map.of(name, "1"), shared), name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kernel.panic=1",
        "kernel.shm_rmid_forced=1+kernel.core_pattern=|/x",
        "vm.swappiness=1",
        "kernel.hostname=x",
        "kernel.domainname=x",
        "net..x=1",
        "net.core.x=a\nb",
        "net=1",
        "=1"
      })
  void sysctls_ofTheMachineOrMalformed_areRefused(String text) {
    int equals = text.indexOf('=');
    Map<String, String> sysctls = Map.of(text.substring(0, equals), text.substring(equals + 1));
    assertThrows(EngineException.class, () -> Sysctls.checked(sysctls, NamespaceOptions.PRIVATE));
  }

  @Test
  void rlimits_areCheckedAndUnlimitedIsAllBits() {
    OwnLimits raising = new OwnLimits(Map.of("nofile", 10L, "memlock", 8L), true, 100, 0);
    String limits =
        Rlimits.json(Map.of("core", new Ulimit(-1, -1), "memlock", new Ulimit(-1, -1)), raising)
            .toString();
    assertTrue(limits.contains("18446744073709551615") && limits.contains("RLIMIT_CORE"), limits);
    for (Map<String, Ulimit> wrong :
        List.of(
            Map.of("hope", new Ulimit(1, 1)),
            Map.of("core", new Ulimit(2, 1)),
            Map.of("core", new Ulimit(-1, 1)),
            Map.of("nofile", new Ulimit(1, 101)),
            Map.of("nofile", new Ulimit(1, -1)))) {
      assertThrows(EngineException.class, () -> Rlimits.json(wrong, raising), wrong.toString());
    }
  }

  @Test
  void rlimitsAndOomScore_areNotAboveTheEnginesOwn_ifItCanNotRaiseThem() {
    Map<String, Long> hard =
        OwnLimits.hard(
            List.of(
                "Limit                     Soft Limit           Hard Limit           Units     ",
                "Max core file size        0                    unlimited            bytes     ",
                "Max open files            1024                 20000                files     ",
                "Max locked memory         8388608              8388608              bytes     ",
                "Max nice priority         0                    0                    "));
    assertEquals(Map.of("nofile", 20000L, "memlock", 8388608L, "nice", 0L), hard);
    OwnLimits own = new OwnLimits(hard, false, 1 << 20, -5);
    assertEquals(20000, own.openFiles());
    assertEquals(
        4,
        Rlimits.json(
                Map.of(
                    "core",
                    new Ulimit(-1, -1),
                    "memlock",
                    new Ulimit(7, 8),
                    "nice",
                    new Ulimit(0, 0)),
                own)
            .size());
    for (Map<String, Ulimit> wrong :
        List.of(
            Map.of("memlock", new Ulimit(-1, -1)),
            Map.of("memlock", new Ulimit(1, 8388609)),
            Map.of("nice", new Ulimit(1, 1)),
            Map.of("nofile", new Ulimit(1, 20001)))) {
      EngineException refused =
          assertThrows(EngineException.class, () -> Rlimits.json(wrong, own), wrong.toString());
      assertTrue(refused.getMessage().contains("--ulimit"), refused.getMessage());
    }
    assertEquals(-5, own.oomScore(-5));
    assertThrows(EngineException.class, () -> own.oomScore(-6));
    assertEquals(-6, new OwnLimits(hard, true, 1 << 20, -5).oomScore(-6));
  }
}
