package org.felucca.itest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * What a bundle's jar says of itself.
 *
 * @param name its symbolic name without directives
 * @param headers the manifest's main attributes
 * @param packages those that its classes are in
 * @param components its declarative services
 */
record BundleJar(
    String name,
    Map<String, String> headers,
    List<String> packages,
    List<DeclaredComponent> components) {

  /**
   * One component.
   *
   * @param provides the interfaces of its services
   * @param requires the interfaces without which it does not start
   */
  record DeclaredComponent(String name, List<String> provides, List<String> requires) {}

  static BundleJar read(Path file) throws IOException {
    try (JarFile jar = new JarFile(file.toFile())) {
      Map<String, String> headers = new LinkedHashMap<>();
      Attributes attributes = jar.getManifest().getMainAttributes();
      attributes.forEach((key, value) -> headers.put(key.toString(), value.toString()));
      List<String> packages = new ArrayList<>();
      List<DeclaredComponent> components = new ArrayList<>();
      for (JarEntry entry : (Iterable<JarEntry>) jar.stream()::iterator) {
        String path = entry.getName();
        int slash = path.lastIndexOf('/');
        if (path.endsWith(".class")) {
          String name = slash < 0 ? "" : path.substring(0, slash).replace('/', '.');
          if (!packages.contains(name)) {
            packages.add(name);
          }
        } else if (path.startsWith("OSGI-INF/")
            && path.endsWith(".xml")
            && !path.contains("/metatype/")) {
          try (InputStream xml = jar.getInputStream(entry)) {
            components.add(component(xml));
          }
        }
      }
      return new BundleJar(
          clauses(headers.getOrDefault("Bundle-SymbolicName", file.toString())).getFirst(),
          headers,
          packages,
          components);
    }
  }

  static DeclaredComponent component(InputStream xml) throws IOException {
    try {
      Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml);
      List<String> provides = new ArrayList<>();
      NodeList services = document.getElementsByTagName("provide");
      for (int i = 0; i < services.getLength(); i++) {
        provides.add(((Element) services.item(i)).getAttribute("interface"));
      }
      List<String> requires = new ArrayList<>();
      NodeList references = document.getElementsByTagName("reference");
      for (int i = 0; i < references.getLength(); i++) {
        Element reference = (Element) references.item(i);
        if (!reference.getAttribute("cardinality").startsWith("0")) { // 1..1 where nothing is said
          requires.add(reference.getAttribute("interface"));
        }
      }
      return new DeclaredComponent(
          document.getDocumentElement().getAttribute("name"), provides, requires);
    } catch (SAXException | ParserConfigurationException e) {
      throw new IOException("not a component description", e);
    }
  }

  /** The packages that a header such as Import-Package names. */
  List<String> packagesOf(String header) {
    String value = headers.get(header);
    return value == null ? List.of() : clauses(value);
  }

  /**
   * The paths of a header's clauses: what stands between commas, outside of quotes, without
   * attributes and directives.
   */
  static List<String> clauses(String header) {
    List<String> clauses = new ArrayList<>();
    boolean quoted = false;
    int from = 0;
    for (int i = 0; i <= header.length(); i++) {
      char c = i == header.length() ? ',' : header.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && (!quoted || i == header.length())) {
        for (String part : header.substring(from, i).split(";")) {
          if (part.contains("=")) {
            break;
          }
          clauses.add(part.strip());
        }
        from = i + 1;
      }
    }
    return clauses;
  }
}
