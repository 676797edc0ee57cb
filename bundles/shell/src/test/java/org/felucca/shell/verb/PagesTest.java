package org.felucca.shell.verb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.shell.page.ShellFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PagesTest {
  private static final Set<String> MACROS =
      Set.of(".TH", ".SH", ".SS", ".B", ".BR", ".TP", ".PP", ".nf", ".fi", ".\\\"");

  @TempDir Path folder;

  @Test
  void main_writesAPageForEachVerbAndAFileForEachShell() throws Exception {
    Pages.main(new String[] {"1.2", folder.toString()});

    Set<String> expected = new TreeSet<>(Set.of("felucca.1"));
    Verbs.all().keySet().stream()
        .filter(name -> Verbs.all().get(name) instanceof Entry.Group)
        .forEach(name -> expected.add("felucca-" + name + ".1"));
    VerbsTest.all()
        .filter(typed -> !typed.leaf().description().isEmpty())
        .forEach(typed -> expected.add("felucca-" + typed.path().replace(' ', '-') + ".1"));
    Set<String> written = new TreeSet<>();
    try (var pages = Files.list(folder.resolve("man/man1"))) {
      pages.forEach(page -> written.add(String.valueOf(page.getFileName())));
    }
    assertEquals(expected, written);
    for (String shell : ShellFiles.SHELLS) {
      assertTrue(Files.size(folder.resolve(ShellFiles.place(shell))) > 1000, shell);
    }
  }

  @Test
  void manual_isRoffOfTheManMacros() {
    for (Map.Entry<String, String> page : Pages.manual("1.2").all().entrySet()) {
      String text = page.getValue();
      assertTrue(text.contains("\n.TH FELUCCA"), page.getKey());
      assertTrue(text.contains("\n.SH NAME\nfelucca"), page.getKey());
      assertTrue(text.contains("\n.SH SYNOPSIS\n.B felucca"), page.getKey());
      for (String line : text.lines().toList()) {
        assertFalse(line.startsWith("'"), page.getKey() + ": " + line);
        assertTrue(
            !line.startsWith(".") || MACROS.contains(line.split(" ", 2)[0]),
            page.getKey() + ": " + line);
        assertTrue(
            line.matches("(?:[^\\\\]|\\\\[e&\"-]|\\\\\\((?:aq|ga|ha|ti)|\\\\f[BIR])*"), line);
      }
    }
  }

  @Test
  void manual_ofAVerb_hasOptionsInGroupsAndExamples() {
    String page = Pages.manual("1.2").all().get("felucca-run.1");

    assertTrue(
        page.contains("\n.TP\n\\fB\\-d\\fR, \\fB\\-\\-detach\\fR\nlet it run in the background"),
        page);
    assertTrue(page.contains("\n.SS "), page);
    assertTrue(page.contains("\n.nf\nfelucca run \\-\\-rm busybox echo hello\n.fi\n"), page);
    assertTrue(page.contains("\n[\\fIOPTIONS\\fR] \\fIIMAGE\\fR [\\fICOMMAND\\fR...]\n"), page);
  }

  @Test
  void bash_withoutAnEngine_knowsVerbsAndOptions() throws Exception {
    Path script = folder.resolve("felucca.bash");
    Files.writeString(script, Pages.completion().of("bash"));

    assertTrue(complete(script, "").containsAll(List.of("run", "image", "version")));
    assertEquals(List.of("import", "inspect"), complete(script, "image", "i"));
    assertEquals(List.of("--filter", "--format"), complete(script, "image", "ls", "--f"));
    assertEquals(List.of("--latest"), complete(script, "ps", "-q", "--lat"));
    assertEquals(List.of(), complete(script, "nonsense", ""));
  }

  @Test
  void bash_anAnswer_isOfferedFromBehindTheLastCut() throws Exception {
    Path engine = folder.resolve("engine");
    Files.writeString(
        engine,
        """
        #!/bin/bash
        shift 2
        printf '%s|' "$@" >>"$0.asked"
        printf 'busybox:1.36\\tan image\\nbusybox:latest\\n--runtime=crun\\n'
        """);
    Files.setPosixFilePermissions(
        engine, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
    Path script = folder.resolve("felucca.bash");
    Files.writeString(script, Pages.completion().of("bash"));

    assertEquals(List.of("1.36"), complete(script, engine.toString(), "rmi", "busybox", ":", "1"));
    assertEquals(
        List.of("crun"), complete(script, engine.toString(), "run", "--runtime", "=", "c"));
    assertEquals(
        List.of("busybox:1.36", "busybox:latest"),
        complete(script, engine.toString(), "rmi", "bu"));
    assertEquals(
        "rmi|busybox:1|run|--runtime=c|rmi|bu|", Files.readString(folder.resolve("engine.asked")));
  }

  private static List<String> complete(Path script, String... words)
      throws IOException, InterruptedException {
    boolean engine = words[0].startsWith("/");
    List<String> command =
        new ArrayList<>(
            List.of(
                "bash",
                "-c",
                "source \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(( $# - 1 )); _felucca; "
                    + "printf '%s\\n' \"${COMPREPLY[@]}\"",
                script.toString()));
    if (!engine) {
      command.add("/nonexistent/felucca");
    }
    command.addAll(List.of(words));
    Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, bash.waitFor(), out);
    return out.lines().filter(line -> !line.isEmpty()).toList();
  }

  @Test
  void zshAndFish_haveTheSameFallBack() {
    for (String shell : List.of("zsh", "fish")) {
      String text = Pages.completion().of(shell);
      assertTrue(text.contains("__complete --"), text);
      assertTrue(text.contains("printf '%s\\n' import ls inspect"), text);
    }
  }

  @Test
  void of_anotherShell_isRefused() {
    EngineException e = assertThrows(EngineException.class, () -> Pages.completion().of("tcsh"));
    assertEquals(
        "there is no completion for the shell \"tcsh\"; there is for bash, zsh, fish",
        e.getMessage());
  }
}
