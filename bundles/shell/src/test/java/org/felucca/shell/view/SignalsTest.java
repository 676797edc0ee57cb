package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignalsTest {
  @ParameterizedTest
  @CsvSource({
    "9, 9", "KILL, 9", "SIGKILL, 9", "sigterm, 15", "HUP, 1", "SYS, 31", "USR2, 12", "WINCH, 28",
        "CHLD, 17",
    "CONT, 18", "64, 64", "34, 34", "RTMIN, 34", "rtmin+3, 37", "SIGRTMAX-1, 63", "RTMAX, 64",
        "IOT, 6", "POLL, 29"
  })
  void parse_nameOrNumber_givesTheNumberOfSignal7(String text, int number) {
    assertEquals(number, Signals.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "-1", "32", "33", "65", "999", "FOO", "SIG", "9x", "RTMIN+40", "RTMAX+1"})
  void parse_noSignal_isRefusedAndNamed(String text) {
    EngineException e = assertThrows(EngineException.class, () -> Signals.parse(text));

    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertTrue(String.valueOf(e.getMessage()).contains("\"" + text + "\""), e.getMessage());
  }
}
