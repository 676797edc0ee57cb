package org.felucca.metadata;

import static org.felucca.metadata.Stores.SCOPE;
import static org.felucca.metadata.Stores.assertFails;
import static org.felucca.metadata.Stores.container;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.felucca.api.Durability;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.event.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {

  @TempDir Path folder;

  @Test
  void write_thatFails_leavesTheOthersOfItsGroup() throws Exception {
    try (Stores stores = new Stores(folder)) {
      List<Future<Boolean>> results = new ArrayList<>();
      try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 200; i++) {
          String id = "c" + i / 2;
          results.add(
              pool.submit(
                  () -> {
                    try {
                      stores.containers.create(SCOPE, container(id, Map.of()));
                      return true;
                    } catch (EngineException e) {
                      assertEquals(ErrorKind.ALREADY_EXISTS, e.kind(), e.getMessage());
                      return false;
                    }
                  }));
        }
      }
      int made = 0;
      for (Future<Boolean> result : results) {
        made += result.get() ? 1 : 0;
      }
      assertEquals(100, made);
      assertEquals(100, stores.containerIds().size());
      assertEquals(100, stores.events.events().size());
    }
  }

  @Test
  void write_thatThrowsAnything_changesNothing() {
    try (Stores stores = new Stores(folder)) {
      for (RuntimeException failure :
          List.of(new IllegalStateException("a bug"), EngineException.invalid("as asked"))) {
        assertThrows(
            EngineException.class,
            () ->
                stores.database.write(
                    Durability.POWER_LOSS,
                    t -> {
                      t.sql().update("INSERT INTO namespaces VALUES ('x', '{}')");
                      t.happened(null, new Event.NamespaceDelete("x"));
                      throw failure;
                    }));
      }
      assertEquals(List.of(), stores.namespaces.list());
      assertEquals(List.of(), stores.events.events());
    }
  }

  @Test
  void read_seesWhatWasWrittenBefore() throws Exception {
    try (Stores stores = new Stores(folder);
        ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int w = 0; w < 8; w++) {
        String worker = "w" + w;
        all.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < 50; i++) {
                    String id = worker + "-" + i;
                    stores.containers.create(
                        SCOPE.withDurability(Durability.ENGINE_CRASH), container(id, Map.of()));
                    assertEquals(List.of(id), stores.containerIds("id==\"" + id + "\""));
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
  }

  @Test
  void call_ofAnInterruptedThread_isCancelled() {
    try (Stores stores = new Stores(folder)) {
      Thread.currentThread().interrupt();
      assertFails(
          ErrorKind.CANCELLED, () -> stores.containers.create(SCOPE, container("a", Map.of())));
      assertFails(ErrorKind.CANCELLED, stores::containerIds);
      assertTrue(Thread.interrupted());
      assertEquals(List.of(), stores.containerIds());
    }
  }

  @Test
  void stop_endsThreadsAndFailsCalls() throws InterruptedException {
    Stores stores = new Stores(folder);
    stores.containers.create(SCOPE, container("a", Map.of()));
    stores.close();
    assertFails(ErrorKind.UNAVAILABLE, stores::containerIds);
    assertFails(
        ErrorKind.UNAVAILABLE, () -> stores.containers.create(SCOPE, container("b", Map.of())));
    for (int i = 0; i < 200 && metadataThreads() > 0; i++) {
      Thread.sleep(10);
    }
    assertEquals(0, metadataThreads());
    assertTrue(Files.notExists(folder.resolve("metadata.db-wal")), "closed cleanly");
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            assertDoesNotFail(() -> Files.getPosixFilePermissions(folder.resolve("metadata.db")))));
  }

  private interface Reading<T> {
    T run() throws IOException;
  }

  private static <T> T assertDoesNotFail(Reading<T> reading) {
    try {
      return reading.run();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static long metadataThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("metadata-"))
        .count();
  }

  @Test
  void file_ofANewerFormat_isRefused() {
    new Stores(folder).close();
    Sql sql = Database.connect(folder.resolve("metadata.db"));
    sql.execute("PRAGMA user_version = 99");
    sql.close();
    EngineException refused = assertThrows(EngineException.class, () -> new Stores(folder));
    assertEquals(ErrorKind.FAILED_PRECONDITION, refused.kind());
    assertTrue(refused.getMessage().contains("format 99"), refused.getMessage());
  }

  @Test
  void file_ofTheFirstFormat_keepsItsSpecs() throws IOException {
    Path file = folder.resolve("metadata.db");
    Files.createFile(file);
    Sql sql = Database.connect(file);
    Schema.migrate(sql, 0, 1);
    String insert =
        "INSERT INTO containers (namespace, id, labels, image, runtime, snapshotter, snapshot_key,"
            + " sandbox, created, updated, extensions, spec_type, spec)"
            + " VALUES ('moby', ?, '{}', 'i', 'r', 's', 'k', '', 1, 1, '{}', ?, ?)";
    sql.update(insert, "a", TypedBytes.OCI_SPEC, "{\"a\":1}".getBytes());
    sql.update(insert, "b", null, null);
    sql.close();
    try (Stores stores = new Stores(folder)) {
      assertEquals(
          new TypedBytes(TypedBytes.OCI_SPEC, "{\"a\":1}".getBytes()),
          stores.containers.get(SCOPE, new ContainerId("a")).spec());
      assertNull(stores.containers.get(SCOPE, new ContainerId("b")).spec());
      stores.containers.delete(SCOPE, new ContainerId("a"));
      assertEquals(0L, (long) stores.database.read(s -> s.number("SELECT count(*) FROM specs")));
    }
  }

  @Test
  void containers_listWithoutSpecs_lackNothingElse() {
    try (Stores stores = new Stores(folder)) {
      ContainerRecord made = stores.containers.create(SCOPE, container("a", Map.of("l", "x")));
      assertEquals(List.of(made), stores.containers.list(SCOPE, List.of()));
      ContainerRecord listed = stores.containers.listWithoutSpecs(SCOPE, List.of()).getFirst();
      assertNull(listed.spec());
      assertEquals(made.runtimeOptions(), listed.runtimeOptions());
      // What of a list goes back into an update of labels takes no spec away.
      stores.containers.update(SCOPE, listed, Set.of("labels"));
      assertEquals(made.spec(), stores.containers.get(SCOPE, made.id()).spec());
    }
  }

  @Test
  void file_thatIsDamaged_isReplacedByWhatCanBeRead() throws IOException {
    try (Stores stores = new Stores(folder)) {
      stores.put(SCOPE, "kept blob", Map.of("k", "v"));
      for (int i = 0; i < 200; i++) {
        stores.containers.create(SCOPE, container("c" + i, Map.of("l", "x".repeat(500))));
      }
    }
    Path file = folder.resolve("metadata.db");
    long root;
    Sql sql = Database.connect(file);
    root =
        sql.number("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'images'");
    sql.close();
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek((root - 1) * 4096);
      bytes.write(new byte[4096]);
    }
    try (Stores stores = new Stores(folder)) {
      assertEquals(200, stores.containerIds().size());
      assertEquals(
          container("c7", Map.of()).spec(),
          stores.containers.get(SCOPE, new ContainerId("c7")).spec());
      assertEquals(1, stores.content.list(SCOPE, List.of("labels.k==v")).size());
      assertEquals(List.of(), stores.images.list(SCOPE, List.of()));
      // Nobody knows what the lost records named: no file is deleted for want of one.
      stores.blobs.blobs.put(Stores.digest("unknown"), new byte[1]);
      stores.collector.collect();
      assertEquals(Set.of(Stores.digest("unknown")), stores.blobs.blobs.keySet());
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.filter(f -> f.getFileName().toString().contains(".damaged-")).count());
    }
  }

  @Test
  void file_thatIsNoDatabase_isReplaced() throws IOException {
    Files.writeString(folder.resolve("metadata.db"), "not a database ".repeat(1000));
    try (Stores stores = new Stores(folder)) {
      stores.containers.create(SCOPE, container("a", Map.of()));
      assertEquals(List.of("a"), stores.containerIds());
    }
  }

  @Test
  void disk_thatIsFull_letsRecordsBeDeleted() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    assumeTrue(
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small.toString())
                .inheritIO()
                .start()
                .waitFor()
            == 0);
    try (Stores stores = new Stores(small)) {
      stores.containers.create(SCOPE, container("one", Map.of()));
      stores.containers.create(SCOPE, container("two", Map.of()));
      // Others fill the disk, and then the log of the database what room is left in its last page.
      assertThrows(
          java.io.IOException.class,
          () -> Files.write(small.resolve("filler"), new byte[16 << 20]));
      assertThrows(
          EngineException.class,
          () -> {
            for (int i = 0; ; i++) {
              stores.containers.create(SCOPE, container("more" + i, Map.of("l", "x".repeat(4000))));
            }
          });
      stores.containers.delete(SCOPE, new ContainerId("one"));
      stores.containers.delete(SCOPE, new ContainerId("two"));
      assertTrue(stores.containerIds().stream().noneMatch(Set.of("one", "two")::contains));
    } finally {
      assertEquals(0, new ProcessBuilder("umount", small.toString()).inheritIO().start().waitFor());
    }
  }

  @Test
  void disk_thatIsFull_isSaidAndDoesNoHarm() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    assumeTrue(
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small.toString())
                .inheritIO()
                .start()
                .waitFor()
            == 0);
    try {
      Set<String> made = new TreeSet<>();
      try (Stores stores = new Stores(small)) {
        EngineException full =
            assertThrows(
                EngineException.class,
                () -> {
                  for (int i = 0; ; i++) {
                    stores.containers.create(
                        SCOPE, container("c" + i, Map.of("l", "x".repeat(4000))));
                    made.add("c" + i);
                  }
                });
        assertEquals(ErrorKind.RESOURCE_EXHAUSTED, full.kind(), full.getMessage());
        assertTrue(made.size() > 20, "made: " + made.size());
        assertEquals(made, new TreeSet<>(stores.containerIds()));
      }
      try (Stores stores = new Stores(small)) {
        assertEquals(made, new TreeSet<>(stores.containerIds()));
      }
    } finally {
      assertEquals(0, new ProcessBuilder("umount", small.toString()).inheritIO().start().waitFor());
    }
  }

  @Test
  void kill_losesNothingThatWasAcknowledged() throws Exception {
    Set<String> acknowledged = new TreeSet<>();
    for (int round = 0; round < 2; round++) {
      Process child =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Creates.class.getName(),
                  folder.toString(),
                  "r" + round)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (BufferedReader out = child.inputReader()) {
        for (int i = 0; i < 200; i++) {
          acknowledged.add(out.readLine());
        }
      } finally {
        child.destroyForcibly().waitFor();
      }
      try (Stores stores = new Stores(folder)) {
        assertTrue(Set.copyOf(stores.containerIds()).containsAll(acknowledged));
      }
    }
  }

  /**
   * Makes containers until it is killed, every second one without a synchronisation of the disk.
   */
  static final class Creates {
    private Creates() {}

    public static void main(String[] args) {
      Stores stores = new Stores(Path.of(args[0]));
      for (int i = 0; ; i++) {
        String id = args[1] + "-" + i;
        stores.containers.create(
            SCOPE.withDurability(i % 2 == 0 ? Durability.POWER_LOSS : Durability.ENGINE_CRASH),
            container(id, Map.of()));
        System.out.println(id);
      }
    }
  }
}
