package org.felucca.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.Descriptor;
import org.felucca.api.registry.RegistryAccess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A client beside a registry that can be made to misbehave. */
abstract class RegistryTestBase {
  static final String MANIFEST =
      """
      {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{}}\
      """;

  @TempDir Path folder;
  final TestingRegistry registry = new TestingRegistry();
  private DistributionClient client;

  DistributionClient client() {
    if (client == null) {
      client = client(1, Duration.ofSeconds(30));
    }
    return client;
  }

  DistributionClient client(int ranges, Duration silence) {
    client =
        new DistributionClient(
            new DistributionClient.Settings(
                List.of(folder.resolve("hosts")),
                folder.resolve("own/config.json"),
                folder.resolve("docker/config.json"),
                ranges,
                new Pauses(4, Duration.ofMillis(4)),
                silence),
            Map.of());
    return client;
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
    registry.close();
  }

  byte[] read(Descriptor blob, long offset) throws IOException {
    try (InputStream bytes =
        client().blob(registry.name("box"), blob, offset, RegistryAccess.DEFAULT)) {
      return bytes.readAllBytes();
    }
  }

  static void assertFails(ErrorKind kind, String words, Executable work) {
    EngineException e = assertThrows(EngineException.class, work);
    assertEquals(kind, e.kind(), e::getMessage);
    assertTrue(e.getMessage().contains(words), e::getMessage);
  }
}
