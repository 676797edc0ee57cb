package org.felucca.shell.verb;

import java.util.List;
import org.felucca.shell.page.ShellFiles;
import picocli.CommandLine.Parameters;

/** Writes the completion file of a shell. */
final class CompletionFile extends Verb {
  /** The shells, for completion. */
  static final class Shells implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return ShellFiles.SHELLS.iterator();
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "bash|zsh|fish",
      description = "the shell",
      completionCandidates = Shells.class)
  String shell = "";

  @Override
  protected void run() {
    call().out().print(Pages.completion().of(shell));
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "source <(felucca completion bash)   # in this shell",
        "felucca completion zsh >/usr/local/share/zsh/site-functions/_felucca",
        "felucca completion fish >~/.config/fish/completions/felucca.fish");
  }
}
