package org.felucca.content;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Digest;
import org.felucca.api.content.Ingest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlobStoreTest {

  @TempDir Path top;

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void files_areReadableByTheirOwnerOnly() throws IOException {
    Files.createDirectories(top.resolve("blobs"));
    Files.setPosixFilePermissions(
        top.resolve("blobs"), PosixFilePermissions.fromString("rwxrwxrwx"));
    FileBlobStore store = new FileBlobStore(top);
    Digest digest = Digest.sha256(new byte[] {1});
    Ingest ingest = store.ingest("a", 0, null);
    ingest.write(ByteBuffer.wrap(new byte[] {1}));
    Path folder = top.resolve("ingest").resolve(Digest.sha256("a".getBytes(UTF_8)).hex());
    assertEquals("rwx------", mode(folder));
    assertEquals("rw-------", mode(folder.resolve("data")));
    assertEquals("rw-------", mode(folder.resolve("about")));
    ingest.commit(1, digest);
    assertEquals("r--------", mode(top.resolve("blobs/sha256").resolve(digest.hex())));
    for (String name : List.of("", "blobs", "blobs/sha256", "blobs/sha512", "ingest")) {
      assertEquals("rwx------", mode(top.resolve(name)), name);
    }
    store.stop();
  }

  @Test
  void garbage_isPassedOver() throws IOException {
    FileBlobStore store = new FileBlobStore(top);
    store.ingest("whole", 0, null).close();
    store.ingest("cut", 0, null).close();
    store.ingest("moved", 0, null).close();
    store.stop();
    Path ingests = top.resolve("ingest");
    Path cut = ingests.resolve(Digest.sha256("cut".getBytes(UTF_8)).hex());
    Files.writeString(cut.resolve("about"), "0\n\n2026-");
    Path moved = ingests.resolve(Digest.sha256("moved".getBytes(UTF_8)).hex());
    Files.delete(moved.resolve("data"));
    Files.createDirectory(ingests.resolve("0".repeat(64)));
    Files.writeString(ingests.resolve("a file"), "x");
    Path outside = Files.writeString(top.resolve("outside"), "stays");
    Files.createSymbolicLink(ingests.resolve("1".repeat(64)), top);
    Files.writeString(top.resolve("blobs/sha256/rubbish"), "x");

    store = new FileBlobStore(top);
    assertEquals(List.of("whole"), store.ingests().stream().map(i -> i.ref()).toList());
    assertEquals("stays", Files.readString(outside));
    store.walk(blob -> assertFalse(true, () -> "unexpected " + blob));
    try (Ingest again = store.ingest("cut", 0, null)) {
      assertEquals(0, again.status().offset());
    }
    store.stop();
  }

  @Test
  void open_ofALink_isRefused() throws IOException {
    FileBlobStore store = new FileBlobStore(top);
    Digest digest = Digest.sha256(new byte[] {2});
    Path secret = Files.writeString(top.resolve("secret"), "x");
    Files.createSymbolicLink(top.resolve("blobs/sha256").resolve(digest.hex()), secret);
    assertThrows(EngineException.class, () -> store.open(digest));
    assertEquals(
        ErrorKind.NOT_FOUND, assertThrows(EngineException.class, () -> store.stat(digest)).kind());
    store.stop();
  }

  @Test
  void write_toAFullDisk_keepsWhatWasThere() throws Exception {
    Path small = Files.createDirectory(top.resolve("small"));
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small.toString()) == 0);
    try {
      FileBlobStore store = new FileBlobStore(small.resolve("content"));
      byte[] first = random(400_000, 1);
      byte[] tooMuch = random(2_000_000, 2);
      byte[] last = random(100_000, 3);
      try (Ingest ingest = store.ingest("big", 0, null)) {
        ingest.write(ByteBuffer.wrap(first));
        EngineException full =
            assertThrows(EngineException.class, () -> ingest.write(ByteBuffer.wrap(tooMuch)));
        assertEquals(ErrorKind.RESOURCE_EXHAUSTED, full.kind());
        assertTrue(full.getMessage().contains("make room"), full.getMessage());
        assertEquals(first.length, ingest.status().offset());
        assertEquals(Digest.sha256(first), ingest.digest());
      }
      try (Ingest ingest = store.ingest("big", 0, null)) {
        assertEquals(first.length, ingest.status().offset());
        ingest.write(ByteBuffer.wrap(last));
        ByteBuffer both = ByteBuffer.allocate(500_000).put(first).put(last);
        ingest.commit(500_000, Digest.sha256(both.array()));
      }
      store.stop();
    } finally {
      assertEquals(0, run("umount", small.toString()));
    }
  }

  @Test
  void kill_atAnyMoment_leavesWholeBlobsAndResumableIngests() throws Exception {
    int acknowledged = 0;
    for (int round = 0; round < 4; round++) {
      Process writer =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "-Xshare:auto",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EndlessWriter.class.getName(),
                  top.resolve("store").toString(),
                  String.valueOf(round))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (InputStream out = writer.getInputStream()) {
        for (int commits = 0; commits < 5 + round * 7; commits++) {
          assertTrue(out.read() >= 0, "the writer ended by itself");
          acknowledged++;
        }
      } finally {
        writer.destroyForcibly().waitFor();
      }
      FileBlobStore store = new FileBlobStore(top.resolve("store"));
      int[] blobs = {0};
      store.walk(
          blob -> {
            blobs[0]++;
            try (BlobReader reader = store.open(blob.digest());
                InputStream in = reader.stream(0)) {
              assertEquals(blob.digest(), Digest.sha256(in.readAllBytes()));
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      assertTrue(blobs[0] >= acknowledged, "blobs: " + blobs[0] + " of " + acknowledged);
      for (var status : store.ingests()) {
        try (Ingest ingest = store.ingest(status.ref(), 0, null)) {
          byte[] whole = random(EndlessWriter.LENGTH, Long.parseLong(status.ref()));
          int at = (int) ingest.status().offset();
          ingest.write(ByteBuffer.wrap(whole, at, whole.length - at));
          ingest.commit(whole.length, Digest.sha256(whole));
        }
      }
      store.stop();
      try (Stream<Path> left = Files.list(top.resolve("store/ingest"))) {
        assertEquals(List.of(), left.toList());
      }
    }
  }

  @Test
  void stop_failsWhatIsOpen() {
    FileBlobStore store = new FileBlobStore(top);
    Ingest ingest = store.ingest("a", 0, null);
    store.stop();
    for (var call :
        List.<Runnable>of(
            () -> ingest.write(ByteBuffer.wrap(new byte[1])),
            () -> store.ingest("b", 0, null),
            store::ingests)) {
      assertEquals(ErrorKind.UNAVAILABLE, assertThrows(EngineException.class, call::run).kind());
    }
    ingest.close();
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /**
   * Stores blob after blob until it is killed, and prints a byte for each that was acknowledged.
   */
  static final class EndlessWriter {
    static final int LENGTH = 300_000;

    private EndlessWriter() {}

    public static void main(String[] args) {
      FileBlobStore store = new FileBlobStore(Path.of(args[0]));
      for (long seed = Long.parseLong(args[1]) * 1_000_000; ; seed++) {
        byte[] bytes = random(LENGTH, seed);
        try (Ingest ingest = store.ingest(String.valueOf(seed), LENGTH, null)) {
          for (int at = 0; at < LENGTH; at += 50_000) {
            ingest.write(ByteBuffer.wrap(bytes, at, 50_000));
          }
          ingest.commit(LENGTH, null);
        }
        System.out.write('.');
        System.out.flush();
      }
    }
  }
}
