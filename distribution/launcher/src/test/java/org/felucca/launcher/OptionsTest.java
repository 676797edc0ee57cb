package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  private static final Path HOME = Path.of("/opt/felucca");

  private static Options parse(String... arguments) throws StartException {
    return Options.parse(List.of(arguments), HOME);
  }

  @Test
  void parse_noArguments_givesTheDocumentedDefaults() throws StartException {
    assertEquals(
        new Options(
            Path.of("/var/lib/felucca"),
            Path.of("/run/felucca"),
            Path.of("/run/felucca/felucca.sock"),
            Path.of("/opt/felucca/etc"),
            Level.INFO,
            Options.Action.SERVE),
        parse());
  }

  @Test
  void parse_stateAlone_movesTheAddressWithIt() throws StartException {
    assertEquals(Path.of("/tmp/x/felucca.sock"), parse("--state", "/tmp/x").address());
    assertEquals(Path.of("/a/b"), parse("--state=/tmp/x", "--address=/a/b").address());
  }

  @Test
  void parse_relativePath_becomesAbsolute() throws StartException {
    assertEquals(Path.of("").toAbsolutePath().resolve("r"), parse("--root", "./x/../r").root());
  }

  @Test
  void parse_logLevel_isTakenInAnyCase() throws StartException {
    assertEquals(Level.FINE, parse("--log-level", "DEBUG").level());
    assertEquals(Level.FINE, parse("--log-level", "fine").level());
  }

  @ParameterizedTest
  @CsvSource({
    "--rot, unknown argument '--rot'",
    "root, unknown argument 'root'",
    "--root, --root needs a value",
    "--root=, --root needs a value",
    "--log-level=loud, 'loud' is unknown"
  })
  void parse_badArgument_saysWhich(String argument, String message) {
    StartException e = assertThrows(StartException.class, () -> parse(argument));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
