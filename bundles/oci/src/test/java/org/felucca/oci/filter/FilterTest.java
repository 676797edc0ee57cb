package org.felucca.oci.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterTest {
  private static final Map<String, String> LABELS =
      Map.of("a.b/c", "x y", "foo", "bar", "nul", "", "two.parts", "t", "q\"s", "quote");

  private static final Fields THING =
      path ->
          switch (path.get(0)) {
            case "name" -> Optional.of("docker.io/library/busybox:latest");
            case "topic" -> Optional.of("/tasks/exit");
            case "namespace" -> Optional.of("moby");
            case "size" -> Optional.of("12");
            case "labels" -> Fields.inMap(LABELS, path);
            default -> Optional.empty();
          };

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "``;true",
        "name;true",
        "nothing;false",
        "labels.foo;true",
        "labels.nul;true",
        "labels.none;false",
        "labels;false",
        "name==docker.io/library/busybox:latest;true",
        "name==busybox;false",
        "name!=busybox;true",
        "nothing!=x;true",
        "nothing!=\"\";false",
        "nothing==\"\";false",
        "labels.\"a.b/c\"==\"x y\";true",
        "labels.\"a.b/c\"==x;false",
        "labels.two.parts==t;true",
        "labels.\"two.parts\"==t;true",
        "labels.\"q\\\"s\"==quote;true",
        "name~=busybox;true",
        "name~=^busybox;false",
        "name~=\"^docker[.]io/\",labels.foo==bar;true",
        "name~=\"^docker[.]io/\",labels.foo==baz;false",
        "namespace==moby,topic~=|^/tasks/|;true",
        "namespace==moby,topic~=|^/images/|;false",
        "topic~=/^\\/tasks/;true",
        "size~=|^\\d+$|;true",
        "size~=\"^\\\\d+$\";true",
        "  name == docker.io/library/busybox:latest , labels.foo ;true",
        "nothing~=.*;true",
        "nothing~=.;false",
        "labels.\"\\x66oo\"==\"\\u0062ar\";true"
      })
  void test(String filter, boolean expected) {
    assertEquals(expected, Filter.parse(filter).test(THING));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ",",
        "name,",
        "name==",
        "name=x",
        "name===x",
        "name~x",
        "==x",
        "name==\"x",
        "name==x y",
        "name==/x/",
        "name==|x|",
        ".name",
        "name.",
        "a-b==c",
        "labels.\"\\q\"",
        "name~=|(|",
        "name~=|(?=x)|",
        "name~=|(a)\\1|",
        "name~=|a++|",
        "name~=|(?>a)|",
        "name~=|a{2000}|",
        "name~=|[a|",
        "name~=|\\k<x>|",
        "name~=|[[:nope:]]|",
        "name==\"\\x4\"",
        "name==\"\\U00ffffff\"",
        "name~=\"a\\\\\"",
        "'name'==x",
        "name name"
      })
  void parse_malformed(String filter) {
    EngineException e = assertThrows(EngineException.class, () -> Filter.parse(filter));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    assertTrue(
        String.valueOf(e.getMessage()).matches("(?s).*malformed at character [0-9]+: .*"),
        e.getMessage());
  }

  @Test
  void parse_tooLong() {
    assertThrows(EngineException.class, () -> Filter.parse("a==" + "b".repeat(20_000)));
    assertThrows(
        EngineException.class, () -> Filters.parseAll(java.util.Collections.nCopies(1001, "a")));
  }

  @Test
  void parseAll_oneOfSeveral() {
    assertTrue(Filters.parseAll(List.of()).test(THING));
    assertTrue(Filters.parseAll(List.of("name==x", "labels.foo==bar")).test(THING));
    assertEquals(false, Filters.parseAll(List.of("name==x", "labels.foo==baz")).test(THING));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "a$;`a\n`;false",
        "(?m)a$;`a\nb`;true",
        "a.b;`a\rb`;true",
        "(?s)a.b;`a\nb`;true",
        "[a&&b];`&`;true",
        "[[a]x;`[x`;true",
        "[]a]+$;`]a`;true",
        "[^]a];`a]`;false",
        "\\v;`\u000b`;true",
        "\\s;`\u000b`;false",
        "[[:alpha:]]+;`abc`;true",
        "[[:^digit:]];`1`;false",
        "\\p{Greek};`α`;true",
        "\\p{^Greek};`α`;false",
        "\\pL;`x`;true",
        "(?P<n>a)(?<m>b);`ab`;true",
        "\\Qa.b\\E;`axb`;false",
        "\\Qa.b\\E;`a.b`;true",
        "a{,2};`a{,2}`;true",
        "a{2,3}?;`aa`;true",
        "a*?b??c+?;`c`;true",
        "\\x41\\x{42}\\103;`ABC`;true",
        "(?i)ABC;`abc`;true",
        "\\?+;`??`;true"
      })
  void linearPattern_meansWhatRe2Means(String expression, String text, boolean expected) {
    assertEquals(expected, LinearPattern.compile(expression).find(text));
  }

  @Test
  void linearPattern_backtrackingIsGivenUp() {
    for (String expression : List.of("(a+)+$", "(a|aa)+$", "(.*)*b", "(a|a|b)*c")) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(5),
          () -> {
            try {
              LinearPattern.compile(expression).find("a".repeat(4000) + "!");
            } catch (EngineException e) {
              assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
              assertTrue(String.valueOf(e.getMessage()).contains("takes too long"));
            }
          });
    }
    assertThrows(
        EngineException.class, () -> LinearPattern.compile("a*a*a*a*a*a*b").find("a".repeat(4000)));
  }

  @Test
  void parse_randomTextsNeverFailOtherwise() {
    java.util.Random random = new java.util.Random(5);
    String alphabet = "ab._,=!~\"/|\\[](){}^$*+?0x \n";
    for (int i = 0; i < 30_000; i++) {
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "name~=\"" : "");
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        Filter.parse(text.append(text.indexOf("\"") >= 0 ? "\"" : "").toString()).test(THING);
      } catch (EngineException e) {
        assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
      }
    }
  }
}
