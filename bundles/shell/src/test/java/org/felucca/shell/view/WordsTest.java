package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  @ParameterizedTest
  @CsvSource({
    "-5, less than a second",
    "0, less than a second",
    "1, 1 second",
    "119, 119 seconds",
    "120, 2 minutes",
    "7199, 119 minutes",
    "7200, 2 hours",
    "172800, 2 days",
    "1209600, 2 weeks",
    "5184000, 2 months",
    "63072000, 2 years"
  })
  void span_anyLength_isOneFigure(long seconds, String words) {
    assertEquals(words, Words.span(Duration.ofSeconds(seconds)));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0B",
    "999, 999B",
    "1000, 1.00kB",
    "4213000, 4.21MB",
    "9999, 10.0kB",
    "99999, 100kB",
    "999499, 999kB",
    "999999, 1.00MB",
    "9223372036854775807, 9.22EB"
  })
  void bytes_anySize_hasThreeDigits(long bytes, String words) {
    assertEquals(words, Words.bytes(bytes));
  }
}
