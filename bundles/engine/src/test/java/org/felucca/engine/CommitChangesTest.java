package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.junit.jupiter.api.Test;

class CommitChangesTest {
  private static JsonObject changed(String... lines) {
    JsonObject config =
        Json.object(
            """
            {"Cmd":["old"],"Env":["PATH=/bin","A=old"],"WorkingDir":"/srv"}
            """
                .getBytes(StandardCharsets.UTF_8),
            "config");
    CommitChanges.apply(List.of(lines), config);
    return config;
  }

  @Test
  void apply_programs_inBothForms() {
    assertEquals(List.of("a", "b c"), changed("CMD [\"a\", \"b c\"]").strings("Cmd"));
    assertEquals(List.of("/bin/sh", "-c", "a b"), changed("cmd a b").strings("Cmd"));
    JsonObject config = changed("ENTRYPOINT [\"e\"]");
    assertEquals(List.of("e"), config.strings("Entrypoint"));
    assertFalse(config.has("Cmd"));
    assertEquals(List.of("x"), changed("CMD [\"x\"]", "ENTRYPOINT [\"e\"]").strings("Cmd"));
  }

  @Test
  void apply_variablesAndLabels() {
    assertEquals(
        List.of("PATH=/bin", "A=new", "B=two words", "C=it's"),
        changed("ENV A=new B=\"two words\" C=it\\'s").strings("Env"));
    assertEquals(List.of("PATH=/bin", "A=a b"), changed("ENV A a b").strings("Env"));
    assertEquals(Map.of("x.y", "1", "z", ""), changed("LABEL x.y=1 z=").stringMap("Labels"));
  }

  @Test
  void apply_theRest() {
    JsonObject config =
        changed(
            "WORKDIR sub/../app",
            "USER 1:2",
            "EXPOSE 80 53/udp",
            "VOLUME [\"/a\"]",
            "VOLUME /b /c",
            "STOPSIGNAL SIGINT");
    assertEquals("/srv/app", config.string("WorkingDir"));
    assertEquals("1:2", config.string("User"));
    assertEquals(
        List.of("80/tcp", "53/udp"), List.copyOf(config.requiredObject("ExposedPorts").names()));
    assertEquals(List.of("/a", "/b", "/c"), List.copyOf(config.requiredObject("Volumes").names()));
    assertEquals("SIGINT", config.string("StopSignal"));
  }

  @Test
  void apply_whatMakesNoSense_isRefusedByName() {
    for (String line :
        List.of(
            "RUN true",
            "CMD",
            "",
            "CMD [\"a\"",
            "ENV =x",
            "ENV X",
            "LABEL a=\"open",
            "EXPOSE web",
            "STOPSIGNAL FIVE")) {
      EngineException e = assertThrows(EngineException.class, () -> changed(line), line);
      assertTrue(e.getMessage().startsWith("--change "), e.getMessage());
    }
  }
}
