package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.container.NamespaceMode;
import org.felucca.api.container.NetworkOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NameFilesTest {
  @TempDir Path temp;

  private static NetworkOptions dns(String... servers) {
    return new NetworkOptions(
        null,
        null,
        List.of(servers),
        List.of("."),
        List.of(),
        List.of("db:2001:db8::7"),
        List.of());
  }

  @Test
  void make_writesThemOnce_andFollowsNameServersUntilTheyAreChanged() throws Exception {
    NameFiles files = new NameFiles(temp.resolve("etc"));
    files.make(dns("192.0.2.1"), NamespaceMode.DEFAULT, "web");
    Path resolver = temp.resolve("etc/resolv.conf");
    Path hosts = temp.resolve("etc/hosts");
    assertTrue(Files.readString(resolver).startsWith("nameserver 192.0.2.1\nsearch .\n"));
    assertEquals("web\n", Files.readString(temp.resolve("etc/hostname")));
    assertTrue(Files.readString(hosts).endsWith("127.0.1.1\tweb\n2001:db8::7\tdb\n"));

    Files.writeString(hosts, "mine\n");
    files.make(dns("192.0.2.2"), NamespaceMode.DEFAULT, "web");
    assertTrue(Files.readString(resolver).startsWith("nameserver 192.0.2.2\n"));
    assertEquals("mine\n", Files.readString(hosts));

    Files.writeString(resolver, "nameserver 192.0.2.9\n");
    files.make(dns("192.0.2.3"), NamespaceMode.DEFAULT, "web");
    assertEquals("nameserver 192.0.2.9\n", Files.readString(resolver));
    assertEquals(
        List.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"),
        files.mounts(false).stream().map(mount -> mount.destination()).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "1.2.3", "192.0.2.1\nnameserver 192.0.2.2", ""})
  void check_serverThatIsNoAddress_isRefused(String server) {
    assertThrows(EngineException.class, () -> NameFiles.check(dns(server)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"db", ":192.0.2.1", "a b:192.0.2.1", "db:host-gateway", "db:1.2.3.4.5"})
  void check_hostThatIsNoLine_isRefused(String host) {
    NetworkOptions network =
        new NetworkOptions(null, null, List.of(), List.of(), List.of(), List.of(host), List.of());
    assertThrows(EngineException.class, () -> NameFiles.check(network));
  }
}
