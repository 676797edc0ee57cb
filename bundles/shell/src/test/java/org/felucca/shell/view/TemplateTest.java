package org.felucca.shell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
  record Inner(String driver, long size, @Nullable String comment) {}

  record Row(
      String id,
      List<String> command,
      @Nullable Integer exitStatus,
      boolean isDefault,
      Instant createdAt,
      Map<String, String> labels,
      Inner storage,
      Map<String, Object> spec) {}

  private static final Row ROW =
      new Row(
          "abc123",
          List.of("sh", "-c", "true"),
          null,
          true,
          Instant.EPOCH,
          new java.util.TreeMap<>(Map.of("a", "1", "b.c/d", "2")),
          new Inner("overlay", 4096, null),
          Map.of("process", Map.of("cwd", "/", "args", List.of("x"), "pid", 7L)));

  private static Document document() {
    return new Document(ROW).word("Names", () -> "web").word("Status", () -> "Up 3 minutes");
  }

  private static String render(String template) {
    return Template.parse(template).render(document());
  }

  private static String refusal(String template) {
    EngineException e = assertThrows(EngineException.class, () -> render(template));
    assertEquals(ErrorKind.INVALID_ARGUMENT, e.kind());
    return Objects.requireNonNull(e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '§',
      value = {
        "{{.Names}} ~ web",
        "{{ .Names }}:{{.ID}} ~ web:abc123",
        "{{.id}} ~ abc123",
        "{{.createdAt}} ~ 1970-01-01T00:00:00Z",
        "{{.CreatedAt}} ~ 1970-01-01T00:00:00Z",
        "{{.created_at}} ~ 1970-01-01T00:00:00Z",
        "{{.Storage.Driver}} ~ overlay",
        "<{{.ExitStatus}}> ~ <>",
        "<{{.storage.comment}}> ~ <>",
        "{{.Command}} ~ [sh -c true]",
        "{{.labels}} ~ map[a:1 b.c/d:2]",
        "{{.labels.a}} ~ 1",
        "<{{.labels.none}}> ~ <>",
        "{{index .labels \"b.c/d\"}} ~ 2",
        "{{.Label \"b.c/d\"}} ~ 2",
        "{{index .command 2}} ~ true",
        "{{index .spec.process.args 0}} ~ x",
        "{{json .command}} ~ [\"sh\",\"-c\",\"true\"]",
        "{{json .Names}} ~ \"web\"",
        "{{.storage | json}} ~ {\"driver\":\"overlay\",\"size\":4096,\"comment\":null}",
        "{{join .command \" \"}} ~ sh -c true",
        "{{upper .Names}} {{.Status | lower}} {{title \"a b\"}} ~ WEB up 3 minutes A B",
        "{{len .command}} {{len .Names}} ~ 3 3",
        "{{truncate .id 3}} {{pad .id 1 1}}. ~ abc  abc123 .",
        "{{index (split .Status \" \") 1}} ~ 3",
        "{{printf \"%s=%-5d|\" .Names .storage.size}} ~ §web=4096 |§",
        "{{printf \"%q %% %8s\" .Names .id}} ~ §\"web\" %   abc123§",
        "{{println .Names}}. ~ §web\n.§",
        "{{if .isDefault}}*{{else}}-{{end}} ~ *",
        "{{if .exitStatus}}x{{else if eq .Names \"web\"}}w{{else}}y{{end}} ~ w",
        "{{if and .isDefault (not .exitStatus)}}yes{{end}} ~ yes",
        "{{if gt .storage.size 4095}}big{{end}}{{if lt .storage.size 5}}small{{end}} ~ big",
        "{{range .command}}[{{.}}]{{end}} ~ [sh][-c][true]",
        "{{range $i, $word := .command}}{{$i}}={{$word}} {{end}}. ~ 0=sh 1=-c 2=true .",
        "{{range $k, $v := .labels}}{{$k}}:{{$v}};{{end}} ~ a:1;b.c/d:2;",
        "{{range .exitStatus}}x{{else}}none{{end}} ~ none",
        "{{with .storage}}{{.driver}} of {{$.Names}}{{end}} ~ overlay of web",
        "{{with $s := .storage}}{{$s.size}}{{end}} ~ 4096",
        "{{if .spec.linux}}linux{{else}}no linux{{end}} ~ no linux",
        "a {{- .Names -}} b ~ awebb",
        "{{/* says nothing */}}{{.Names}} ~ web",
        "§{{.ID}}\\t{{.Names}}\\n.§ ~ §abc123\tweb\n.§",
        "{{`raw`}} {{\"a\\\"b\"}} {{7}} {{true}} ~ raw a\"b 7 true",
      })
  void render_whatPeopleType_isAsInGo(String template, String expected) {
    assertEquals(expected, render(template));
  }

  @Test
  void render_theWholeDocument_isItsJson() {
    assertTrue(render("{{json .}}").startsWith("{\"id\":\"abc123\",\"command\":[\"sh\""));
    assertEquals(render("{{json .}}"), render("{{.}}"));
  }

  @Test
  void render_aWordOfTheList_goesBeforeAMemberOfTheSameName() {
    Document document = new Document(Map.of("status", "running")).word("Status", () -> "Up");

    assertEquals("Up running", Template.parse("{{.Status}} {{.status}}").render(document));
  }

  @Test
  void render_unknownField_listsTheKnownOnes() {
    assertEquals(
        "--format \"{{.Names}} {{.Nmaes}}\", at character 14: there is no field Nmaes"
            + " (did you mean Names?); there are Names, Status, id, command, exit_status,"
            + " is_default, created_at, labels, storage, spec",
        refusal("{{.Names}} {{.Nmaes}}"));
    assertTrue(
        refusal("{{.storage.Drivr}}")
            .endsWith(
                "there is no field Drivr (did you mean driver?); there are driver, size, comment"));
    assertTrue(refusal("{{.spec.process.arg}}").contains("there is no field arg"));
    assertTrue(refusal("{{.Names.First}}").contains("First is asked of web, which has no members"));
  }

  @Test
  void requireFields_looksWhereTheDotIsTheDocument() {
    List<String> known = List.of("Names", "id");
    Template.parse("{{.Names}}{{range .ID}}{{.x}}{{$.Names}}{{end}}").requireFields(known);

    for (String bad :
        List.of("{{if .x}}{{end}}", "{{range .id}}{{$.x}}{{end}}", "{{upper .x.y}}")) {
      EngineException e =
          assertThrows(EngineException.class, () -> Template.parse(bad).requireFields(known), bad);
      assertTrue(String.valueOf(e.getMessage()).contains("no field x"), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{.Names",
        "{{",
        "{{}}",
        "{{.Names | }}",
        "{{Names}}",
        "{{.Names .ID}}",
        "{{upper}}",
        "{{upper .Names | lower | .ID}}",
        "{{if .Names}}",
        "{{end}}",
        "{{else}}",
        "{{if .Names}}{{else}}{{else}}{{end}}",
        "{{$x}}",
        "{{range $i := .command}}{{end}}{{$i}}",
        "{{\"open}}",
        "{{\"\\q\"}}",
        "{{template \"x\"}}",
        "{{(.Names}}",
        "{{.Names)}}",
        "{{/* open",
        "{{nope .Names}}",
        "{{.Names}",
        "{{index .command -5 nope}}",
        "{{99999999999999999999}}",
      })
  void parse_malformed_isRefusedWithItsPlace(String template) {
    EngineException e =
        assertThrows(EngineException.class, () -> Template.parse(template), template);

    assertTrue(
        String.valueOf(e.getMessage())
            .matches("(?s)--format .* is malformed at character [0-9]+: .+"),
        e.getMessage());
  }

  @Test
  void parse_malformed_namesThePlace() {
    assertTrue(
        refusal("{{.Names}} {{uper .Names}}")
            .contains("at character 14: there is no function uper"));
    assertTrue(refusal("{{.Names}} {{uper .Names}}").contains("did you mean upper"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{index .command 3}}",
        "{{index .Names 1}}",
        "{{join .Names \",\"}}",
        "{{join .command}}",
        "{{truncate .Names \"x\"}}",
        "{{range .Names}}{{end}}",
        "{{printf \"%f\" .Names}}",
        "{{printf \"%s\"}}",
        "{{printf \"%99999s\" .Names}}",
        "{{json .Names .ID}}",
        "{{eq .Names}}",
      })
  void render_argumentsOfTheWrongKind_areRefused(String template) {
    assertTrue(refusal(template).startsWith("--format"), template);
  }

  @Test
  void parse_nestedWithoutEnd_isRefusedBeforeTheStackIsFull() {
    assertTrue(refusal("{{if .x}}".repeat(1000)).contains("too deep"));
    assertTrue(refusal("{{" + "(".repeat(1000) + "}}").contains("too deep"));
    assertTrue(refusal("x".repeat(20_000)).contains("at most"));
  }

  @Test
  void heading_namesTheFields() {
    Map<String, String> headings = new LinkedHashMap<>();
    headings.put("ID", "CONTAINER ID");
    Template template =
        Template.parse("{{.ID}}\\t{{upper .Names}}\\t{{json .storage.driver}}{{if .x}}!{{end}}");

    String heading =
        template.heading(
            name -> headings.getOrDefault(name, name.toUpperCase(java.util.Locale.ROOT)));

    assertEquals(List.of("CONTAINER ID", "NAMES", "DRIVER!"), Arrays.asList(heading.split("\t")));
  }
}
