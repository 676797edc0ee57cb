package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import org.felucca.api.EngineException;
import org.junit.jupiter.api.Test;

class TimesTest {
  private static final Instant NOW = Instant.parse("2026-11-24T13:00:00Z");

  private static Instant parse(String text) {
    return Times.parse("--since", text, NOW);
  }

  @Test
  void parse_spans_areBeforeNow() {
    assertEquals(Instant.parse("2026-11-24T12:50:00Z"), parse("10m"));
    assertEquals(Instant.parse("2026-11-24T11:30:00Z"), parse("1h30m"));
    assertEquals(Instant.parse("2026-11-22T13:00:00Z"), parse("2d"));
    assertEquals(Instant.parse("2026-11-24T12:59:58.500Z"), parse("1.5s"));
    assertEquals(Instant.parse("2026-11-24T12:59:59.750Z"), parse("250ms"));
  }

  @Test
  void parse_pointsInTime_areThemselves() {
    assertEquals(Instant.parse("2026-11-24T12:00:00Z"), parse("2026-11-24T12:00:00Z"));
    assertEquals(Instant.parse("2026-11-24T11:00:00.5Z"), parse("2026-11-24T12:00:00.5+01:00"));
    assertEquals(Instant.ofEpochSecond(1_795_525_200), parse("1795525200"));
    assertEquals(Instant.ofEpochSecond(1_795_525_200, 120_000_000), parse("1795525200.12"));
    assertEquals(
        LocalDateTime.of(2026, 11, 24, 12, 30).atZone(ZoneId.systemDefault()).toInstant(),
        parse("2026-11-24T12:30"));
    assertEquals(
        LocalDateTime.of(2026, 11, 24, 0, 0).atZone(ZoneId.systemDefault()).toInstant(),
        parse("2026-11-24"));
  }

  @Test
  void parse_anythingElse_isRefused() {
    for (String text : List.of("", "x", "10", "-5m", "5m3h", "2026-13-01", "yesterday", "1e9")) {
      if (text.equals("10")) {
        assertEquals(Instant.ofEpochSecond(10), parse(text));
        continue;
      }
      EngineException e = assertThrows(EngineException.class, () -> parse(text), text);
      assertTrue(e.getMessage().startsWith("--since \"" + text + "\" is no time"), e.getMessage());
    }
  }
}
