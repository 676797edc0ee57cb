package org.felucca.metadata;

import static org.felucca.metadata.Stores.OTHER;
import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.sandbox.Sandbox;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxRecordsTest {
  @TempDir Path folder;
  private Stores stores;
  private SandboxRecords sandboxes;

  @BeforeEach
  void open() {
    stores = new Stores(folder);
    sandboxes = new SandboxRecords(stores.database);
  }

  @AfterEach
  void close() {
    stores.close();
  }

  private static TypedBytes bytes(int value) {
    return new TypedBytes("some.Type", new byte[] {(byte) value});
  }

  private static Sandbox sandbox(
      String id, Map<String, String> labels, String runtime, @Nullable TypedBytes spec) {
    return new Sandbox(
        id,
        labels,
        runtime,
        bytes(1),
        spec,
        "shim",
        Instant.EPOCH,
        Instant.EPOCH,
        Map.of("e", bytes(3)));
  }

  @Test
  void create_keepsAllOfIt() {
    Sandbox made = sandboxes.create(SCOPE, sandbox("s", Map.of("l", "1"), "r", bytes(2)));
    assertEquals(made, sandboxes.get(SCOPE, "s"));
    assertEquals(bytes(1), made.runtimeOptions());
    assertEquals(bytes(2), made.spec());
    assertEquals(Map.of("e", bytes(3)), made.extensions());
    assertTrue(made.createdAt().isAfter(Instant.EPOCH));
    assertFails(
        ErrorKind.ALREADY_EXISTS, () -> sandboxes.create(SCOPE, sandbox("s", Map.of(), "r", null)));
    assertFails(ErrorKind.NOT_FOUND, () -> sandboxes.get(OTHER, "s"));
    assertFails(ErrorKind.INVALID_ARGUMENT, () -> sandbox("../s", Map.of(), "r", null));
    assertFails(ErrorKind.FAILED_PRECONDITION, () -> stores.namespaces.delete(SCOPE.namespace()));
  }

  @Test
  void update_changesWhatTheMaskNames() {
    Sandbox before = sandboxes.create(SCOPE, sandbox("s", Map.of("l", "1"), "r", bytes(2)));
    Sandbox given = sandbox("s", Map.of("l", "2", "m.n", "3"), "other", null);
    Sandbox masked = sandboxes.update(SCOPE, given, Set.of("labels.m.n"));
    assertEquals(Map.of("l", "1", "m.n", "3"), masked.labels());
    assertEquals(bytes(2), masked.spec());
    assertEquals("r", masked.runtime());
    assertEquals(before.createdAt(), masked.createdAt());
    assertEquals("other", sandboxes.update(SCOPE, given, Set.of("runtime")).runtime());
    Sandbox whole = sandboxes.update(SCOPE, given, Set.of());
    assertEquals(Map.of("l", "2", "m.n", "3"), whole.labels());
    assertEquals(null, whole.spec());
    assertEquals(whole, sandboxes.get(SCOPE, "s"));
    assertFails(
        ErrorKind.INVALID_ARGUMENT, () -> sandboxes.update(SCOPE, given, Set.of("sandboxer")));
    assertFails(
        ErrorKind.INVALID_ARGUMENT,
        () -> sandboxes.update(SCOPE, sandbox("s", Map.of(), "third", null), Set.of()));
    assertFails(
        ErrorKind.NOT_FOUND,
        () -> sandboxes.update(SCOPE, sandbox("t", Map.of(), "r", null), Set.of()));
  }

  @Test
  void list_takesFilters_andDeleteForgets() {
    sandboxes.create(SCOPE, sandbox("b", Map.of("l", "1"), "r", null));
    sandboxes.create(SCOPE, sandbox("a", Map.of(), "r", null));
    sandboxes.create(OTHER, sandbox("c", Map.of(), "r", null));
    assertEquals(List.of("a", "b"), ids());
    assertEquals(List.of("b"), ids("labels.l==1"));
    assertEquals(List.of("a", "b"), ids("id==a", "id==b"));
    sandboxes.delete(SCOPE, "b");
    assertEquals(List.of("a"), ids());
    assertFails(ErrorKind.NOT_FOUND, () -> sandboxes.delete(SCOPE, "b"));
  }

  private List<String> ids(String... filters) {
    return sandboxes.list(SCOPE, List.of(filters)).stream().map(Sandbox::id).toList();
  }
}
