package org.felucca.shell.verb;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes the files of a container as a tar archive. */
final class Export extends Verb {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "a file, or - for standard output, which is the default")
  String output = "-";

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(index = "0", paramLabel = "CONTAINER", description = "id or name")
  String container = "";

  @Override
  protected void run() throws IOException {
    Scope scope = scope();
    ContainerId id = container(container).id();
    if (output.equals("-")) {
      if (call().isTerminal()) {
        throw EngineException.invalid(
            "an archive is nothing for a terminal; name a file by --output, or send it into a pipe");
      }
      export(scope, id, call().out());
      return;
    }
    Path target = call().path(output);
    // Whoever reads the file meanwhile sees the old one, or none.
    Path half = target.resolveSibling("." + target.getFileName() + ".half");
    try {
      try (OutputStream tar = Files.newOutputStream(half)) {
        export(scope, id, tar);
      }
      Files.move(half, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(half);
    }
  }

  private void export(Scope scope, ContainerId id, OutputStream tar) throws IOException {
    try (ProgressReport report = progress.begin(call(), false);
        OutputStream counted = report.counting(tar, container, "exporting")) {
      services()
          .files()
          .use(
              files -> {
                files.export(scope, id, counted);
                return true;
              });
    }
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca export web | tar t",
        "felucca export -o web.tar web",
        "felucca export web | tar -x -C rootfs");
  }
}
