package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;
import org.felucca.api.task.Exit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExitFilesTest {
  @TempDir Path folder;

  private static TaskKey key(String id) {
    return new TaskKey(Namespace.DEFAULT, new ContainerId(id));
  }

  @Test
  void find_kept_isTheSame() {
    Exit exit = new Exit(137, Instant.parse("2026-11-24T13:00:00.000000001Z"));
    new ExitFiles(folder.resolve("exits")).keep(key("one"), exit);
    assertEquals(exit, new ExitFiles(folder.resolve("exits")).find(key("one")));
  }

  @Test
  void find_unknownOrDamaged_isNull() throws Exception {
    ExitFiles files = new ExitFiles(folder);
    assertNull(files.find(key("one")));
    files.keep(key("one"), new Exit(0, Instant.now()));
    try (var all = Files.list(folder)) {
      Files.writeString(all.findFirst().orElseThrow(), "rubbish");
    }
    assertNull(files.find(key("one")));
  }
}
