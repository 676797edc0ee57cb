package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.container.LogOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogDriversTest {
  @TempDir Path folder;

  private LogDrivers drivers() {
    return new LogDrivers(
        "cri", new String[] {"max-size=10m, max-file=3"}, folder.resolve("journal"));
  }

  private EngineException refused(String driver, Map<String, String> options) {
    return assertThrows(
        EngineException.class, () -> drivers().check(new LogOptions(true, driver, options)));
  }

  @Test
  void check_nothingSaid_isAsConfigured() {
    LogOptions options = drivers().check(LogOptions.KEPT);
    assertEquals("cri", options.driver());
    assertEquals(
        Map.of("max-size", "10m", "max-file", "3", "full-disk", "drop"), options.options());
    assertEquals(
        "5",
        drivers()
            .check(new LogOptions(true, null, Map.of("max-file", "5")))
            .options()
            .get("max-file"));
    assertEquals(LogOptions.DROPPED, drivers().check(LogOptions.DROPPED));
  }

  @Test
  void check_aDriver_hasItsOwnDefaults() {
    LogOptions options =
        drivers()
            .check(new LogOptions(true, "json-file", Map.of("max-size", "-1", "mode", "blocking")));
    assertEquals(Map.of("max-size", "-1", "max-file", "2", "full-disk", "drop"), options.options());
    assertEquals(
        "true",
        drivers()
            .check(new LogOptions(true, "json-file", Map.of("compress", "true")))
            .options()
            .get("compress"));
    assertEquals("cri", drivers().check(new LogOptions(true, "k8s-file", Map.of())).driver());
    assertEquals(
        new LogOptions(false, "none", Map.of()),
        drivers().check(new LogOptions(true, "none", Map.of())));
  }

  @Test
  void check_whatThereIsNot_isRefusedByName() {
    EngineException e = refused("fluentd", Map.of());
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertTrue(e.getMessage().contains("\"fluentd\" is unknown; there are cri"), e.getMessage());
    for (Map<String, String> options :
        List.of(
            Map.of("max-sise", "1m"),
            Map.of("max-size", "big"),
            Map.of("max-size", "0"),
            Map.of("max-size", "99999999999999t"),
            Map.of("max-file", "0"),
            Map.of("max-file", "1001"),
            Map.of("full-disk", "panic"),
            Map.of("compress", "yes"),
            Map.of("compress", "true", "max-file", "1"),
            Map.of("compress", "true", "max-size", "-1"),
            Map.of("mode", "non-blocking"),
            Map.of("tag", "x"))) {
      EngineException bad = refused("json-file", options);
      assertEquals(ErrorKind.INVALID_ARGUMENT, bad.kind());
      assertTrue(options.keySet().stream().allMatch(bad.getMessage()::contains), bad.getMessage());
    }
    assertTrue(refused("none", Map.of("max-size", "1m")).getMessage().contains("no options"));
  }

  @Test
  void check_journald_needsItsSocket() throws Exception {
    EngineException e = refused("journald", Map.of());
    assertEquals(ErrorKind.FAILED_PRECONDITION, e.kind());
    assertTrue(e.getMessage().contains("systemd's journal does not run"), e.getMessage());
    Files.createFile(folder.resolve("journal"));
    LogOptions options =
        drivers().check(new LogOptions(true, "journald", Map.of("tag", "{{.Name}}/{{.ID}}")));
    assertEquals("{{.Name}}/{{.ID}}", options.options().get("tag"));
    assertTrue(refused("journald", Map.of("tag", "{{.Env}}")).getMessage().contains("{{.ID}}"));
  }

  @Test
  void bytes_sizes() {
    assertEquals(10L << 20, LogDrivers.bytes("10m"));
    assertEquals(512L, LogDrivers.bytes("512"));
    assertEquals(512L, LogDrivers.bytes("512b"));
    assertEquals(1L << 30, LogDrivers.bytes("1G"));
    assertEquals(1L << 11, LogDrivers.bytes("2KiB"));
    assertNull(LogDrivers.bytes("-1"));
    assertNull(LogDrivers.bytes(""));
    assertNull(LogDrivers.bytes("1.5m"));
  }

  @Test
  void tag_fieldsAreFilledIn() {
    Map<String, String> fields = Map.of("ID", "abc", "Name", "we$b");
    assertEquals("x/we$b-abc", LogDrivers.tag("x/{{.Name}}-{{ .ID }}", fields));
    assertNull(LogDrivers.tag("{{.Foo}}", fields));
    assertNull(LogDrivers.tag("{{.ID", fields));
  }
}
