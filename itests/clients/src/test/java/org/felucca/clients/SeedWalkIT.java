package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The walk that began it all, word for word as the README has it: a container by hand. */
class SeedWalkIT {
  private static final Path README = Path.of("../../README.md");
  private static final String HEADING = "## A container by hand";

  @Test
  void walk_ofTheReadme_runsWordForWord() throws IOException {
    List<String> lines = lines();
    assertTrue(lines.contains("felucca spec"), lines::toString);
    try (TestEngine engine = TestEngine.start()) {
      Path folder = Files.createDirectory(engine.base().resolve("walk"));
      Path script = engine.base().resolve("walk.sh");
      Files.write(script, lines);
      List<String> command =
          new ArrayList<>(
              List.of(
                  "env",
                  "-C",
                  folder.toString(),
                  "PATH=" + engine.home().resolve("bin") + ":" + System.getenv("PATH"),
                  "FELUCCA_NAMESPACE=" + engine.namespace(),
                  "FELUCCA_SOCKET=" + engine.state().resolve("shell.sock"),
                  "bash",
                  "-e",
                  script.toString()));
      TerminalClient terminal = TerminalClient.open(engine.base(), command);
      try {
        terminal.awaitText(" # "); // the folder before it is "/", or "~" by newer busyboxes
        terminal.type("echo this is $((40 + 2)) in $(hostname), process $$\n");
        terminal.awaitText("this is 42 in felucca, process 1");
        terminal.type("exit 7\n");
        assertEquals(7, terminal.await(), terminal::text);
      } finally {
        terminal.client().end();
      }
      assertTrue(Files.exists(folder.resolve("rootfs/bin/busybox")));
    }
  }

  /** What stands in the block below the heading. */
  private static List<String> lines() throws IOException {
    List<String> all = Files.readAllLines(README);
    int heading = all.indexOf(HEADING);
    assertTrue(heading >= 0, "README has no " + HEADING);
    List<String> rest = all.subList(heading, all.size());
    int begin = rest.indexOf("```");
    List<String> block = rest.subList(begin + 1, rest.size());
    return block.subList(0, block.indexOf("```"));
  }
}
