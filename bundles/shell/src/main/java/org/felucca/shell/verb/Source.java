package org.felucca.shell.verb;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shell.session.Script;
import picocli.CommandLine.Parameters;

/** Runs the lines of a file. */
final class Source extends Verb {
  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "commands as the interactive shell takes them; - for standard input")
  String file = "";

  @Override
  protected void run() throws Exception {
    if (file.equals("-")) {
      Script.run(call().session(), "standard input", call().in());
      return;
    }
    Path path = call().path(file);
    try (InputStream in = Files.newInputStream(path)) {
      Script.run(call().session(), path.toString(), in);
    } catch (NoSuchFileException e) {
      throw new EngineException(
          ErrorKind.NOT_FOUND, "source " + path + ": there is no such file", e);
    } catch (IOException e) {
      throw new EngineException(
          ErrorKind.FAILED_PRECONDITION, "source " + path + ": " + e.getMessage(), e);
    }
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca source setup.felucca   # up to the first line that fails");
  }
}
