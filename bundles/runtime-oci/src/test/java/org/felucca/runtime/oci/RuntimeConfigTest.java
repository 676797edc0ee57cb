package org.felucca.runtime.oci;

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
class RuntimeConfigTest {
  @Test
  void keysAndDefaults() throws Exception {
    Map<String, String> keys = new TreeMap<>();
    try (InputStream xml =
        RuntimeFactory.class.getResourceAsStream(
            "/OSGI-INF/org.felucca.runtime.oci.RuntimeFactory.xml")) {
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
            "description", "",
            "binary", "",
            "shim", "felucca-shim",
            "root", "",
            "systemd_cgroup", "false",
            "no_pivot_root", "false",
            "no_new_keyring", "false",
            "refuse_vulnerable", "false"),
        keys);
  }
}
