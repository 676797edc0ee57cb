package org.felucca.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.InputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Users' files name these keys. */
class EngineConfigTest {
  private static Map<String, String> declared() throws Exception {
    Map<String, String> keys = new TreeMap<>();
    try (InputStream xml =
        TaskUseCases.class.getResourceAsStream("/OSGI-INF/org.felucca.engine.TaskUseCases.xml")) {
      assertNotNull(xml);
      NodeList properties =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(xml)
              .getElementsByTagName("property");
      for (int i = 0; i < properties.getLength(); i++) {
        Element property = (Element) properties.item(i);
        String value = property.getAttribute("value");
        keys.put(
            property.getAttribute("name"),
            value.isEmpty() ? property.getTextContent().strip().replace("\n", ",") : value);
      }
    }
    return keys;
  }

  @Test
  void keysAndDefaults() throws Exception {
    assertEquals(
        Map.of(
            "default_runtime", "",
            "runtime_aliases",
                "io.containerd.runc.v2=runc,io.containerd.runc.v1=runc,io.containerd.runtime.v1.linux=runc,io.containerd.crun.v2=crun",
            "default_snapshotter", "overlayfs",
            "launch_deadline_seconds", "30",
            "log_driver", "cri",
            "log_options", "max-size=64m,max-file=2",
            "log_journald_socket", "/run/systemd/journal/socket"),
        declared());
  }

  @Test
  void shippedFile_namesEveryKeyWithItsDefault() throws Exception {
    Properties file = new Properties();
    try (Reader in =
        Files.newBufferedReader(Path.of("../../distribution/files/etc/org.felucca.engine.cfg"))) {
      file.load(in);
    }
    Map<String, String> shipped = new TreeMap<>();
    file.forEach((key, value) -> shipped.put((String) key, ((String) value).replace(", ", ",")));
    assertEquals(declared(), shipped);
  }
}
