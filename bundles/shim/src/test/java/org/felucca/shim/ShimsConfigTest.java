package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Users' files name these keys. */
class ShimsConfigTest {
  @Test
  void keysAndDefaults() throws Exception {
    Map<String, String> keys = new TreeMap<>();
    try (InputStream xml =
        Shims.class.getResourceAsStream("/OSGI-INF/org.felucca.shim.Shims.xml")) {
      assertNotNull(xml);
      NodeList properties =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(xml)
              .getElementsByTagName("property");
      for (int i = 0; i < properties.getLength(); i++) {
        Element property = (Element) properties.item(i);
        keys.put(property.getAttribute("name"), property.getAttribute("value"));
      }
    }
    assertEquals(
        Map.of(
            "connect_timeout_ms", "5000",
            "call_timeout_ms", "10000",
            "create_timeout_ms", "60000",
            "clean_up_timeout_ms", "30000",
            "end_timeout_ms", "5000",
            "cgroup", "",
            "log_bytes_per_second", "65536"),
        keys);
  }
}
