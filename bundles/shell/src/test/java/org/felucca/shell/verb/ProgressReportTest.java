package org.felucca.shell.verb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.felucca.shell.verb.ProgressReport.Manner;
import org.junit.jupiter.api.Test;

class ProgressReportTest {
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private ProgressReport report(Manner manner) {
    return new ProgressReport(manner, new PrintStream(err, true, StandardCharsets.UTF_8), 80);
  }

  private String shown() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void json_whatIsDone_isAlwaysTold() {
    try (ProgressReport report = report(Manner.JSON)) {
      report.report("layer", "unpacked", 7, 7);
    }

    assertEquals("{\"item\":\"layer\",\"state\":\"unpacked\",\"done\":7,\"total\":7}\n", shown());
  }

  @Test
  void none_isSilent() {
    try (ProgressReport report = report(Manner.NONE)) {
      report.report("layer", "unpacked", 7, 7);
    }

    assertEquals("", shown());
  }

  @Test
  void counting_passesBytesOnAndKeepsTheStreamOpen() throws Exception {
    ByteArrayOutputStream to = new ByteArrayOutputStream();
    try (ProgressReport report = report(Manner.NONE);
        OutputStream counted = report.counting(to, "box", "exporting")) {
      counted.write(new byte[] {1, 2, 3}, 1, 2);
      counted.write(4);
    }

    assertArrayEquals(new byte[] {2, 3, 4}, to.toByteArray());
  }
}
