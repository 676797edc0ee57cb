package org.felucca.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.itest.BundleJar.DeclaredComponent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The checker itself: it sees what it is there to see. */
class ArrowsTest {
  private static BundleJar bundle(String name, Map<String, String> headers) {
    return new BundleJar(name, headers, List.of(), List.of());
  }

  @ParameterizedTest
  @CsvSource({
    "felucca.engine, org.felucca.metadata",
    "felucca.engine, com.fasterxml.jackson.databind",
    "felucca.content, org.felucca.swap",
    "felucca.content, org.sqlite",
    "felucca.metadata, com.sun.jna",
    "felucca.oci, org.felucca.linux",
    "felucca.api, org.felucca.oci",
    "felucca.linux, org.felucca.api",
    "felucca.runc, org.felucca.engine",
    "felucca.spec, org.felucca.apiary"
  })
  void violations_forbiddenImport_isNamed(String name, String imported) {
    String header = "org.osgi.framework;version=\"[1.10,2)\"," + imported + ";version=\"[1.0,2)\"";
    assertEquals(
        List.of(name + " imports " + imported),
        Arrows.violations(bundle(name, Map.of("Import-Package", header))));
  }

  @ParameterizedTest
  @CsvSource({
    "felucca.engine, org.felucca.swap",
    "felucca.oci, com.fasterxml.jackson.databind.module",
    "felucca.metadata, org.sqlite",
    "felucca.metadata, javax.sql",
    "felucca.diff, com.sun.jna",
    "felucca.snapshot-overlay, org.felucca.snapshot.overlay",
    "org.example.other, org.felucca.engine"
  })
  void violations_allowedImport_passes(String name, String imported) {
    assertEquals(List.of(), Arrows.violations(bundle(name, Map.of("Import-Package", imported))));
  }

  @Test
  void violations_waysAround_areNamed() {
    assertEquals(
        List.of("felucca.spec has DynamicImport-Package, which goes around its arrows"),
        Arrows.violations(bundle("felucca.spec", Map.of("DynamicImport-Package", "*"))));
    assertEquals(
        List.of("felucca.spec exports org.felucca.spec, but a part exports nothing"),
        Arrows.violations(bundle("felucca.spec", Map.of("Export-Package", "org.felucca.spec"))));
    assertEquals(
        List.of("felucca.spec contains classes of com.fasterxml.jackson.core"),
        Arrows.violations(
            new BundleJar(
                "felucca.spec",
                Map.of(),
                List.of("org.felucca.spec", "com.fasterxml.jackson.core"),
                List.of())));
    assertEquals(1, Arrows.violations(bundle("felucca.unheard-of", Map.of())).size());
  }

  @Test
  void clauses_quotedCommasAndSeveralPaths_areUnderstood() {
    assertEquals(
        List.of("a.b", "c", "d", "e"),
        BundleJar.clauses("a.b;version=\"[1,2)\";uses:=\"x,y\",c;d;version=1,e"));
  }

  @Test
  void neverStarted_cycle_namesAllThatHangOnIt() {
    DeclaredComponent a = new DeclaredComponent("a", List.of("A"), List.of("B"));
    DeclaredComponent b = new DeclaredComponent("b", List.of("B"), List.of("A"));
    DeclaredComponent c = new DeclaredComponent("c", List.of("C"), List.of("A", "Elsewhere"));
    DeclaredComponent d = new DeclaredComponent("d", List.of("D"), List.of("Elsewhere"));
    assertEquals(Set.of("a", "b", "c"), Arrows.neverStarted(List.of(a, b, c, d)));
    DeclaredComponent otherB = new DeclaredComponent("b2", List.of("B"), List.of());
    assertEquals(Set.of(), Arrows.neverStarted(List.of(a, b, c, d, otherB)));
  }

  @Test
  void component_references_areMandatoryUnlessTheySayOtherwise() throws IOException {
    String xml =
        """
        <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.4.0" name="x">
          <service><provide interface="X"/></service>
          <reference name="a" interface="A"/>
          <reference name="b" interface="B" cardinality="1..n"/>
          <reference name="c" interface="C" cardinality="0..1"/>
          <reference name="d" interface="D" cardinality="0..n"/>
        </scr:component>
        """;
    assertEquals(
        new DeclaredComponent("x", List.of("X"), List.of("A", "B")),
        BundleJar.component(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8))));
  }
}
