package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program on a terminal of its own, 24 rows by 80 columns, with somebody who types. */
final class TerminalClient {
  private final Path folder;
  private final Running client;
  private final Path name;

  private TerminalClient(Path folder, Running client, Path name) {
    this.folder = folder;
    this.client = client;
    this.name = name;
  }

  static TerminalClient open(Path folder, List<String> command) {
    try {
      Path name = Files.createTempFile(folder, "tty", "");
      List<String> quoted = new ArrayList<>();
      command.forEach(word -> quoted.add("'" + word.replace("'", "'\\''") + "'"));
      Running client =
          Running.start(
              folder,
              List.of(
                  "script",
                  "-qefc",
                  "stty rows 24 cols 80; tty > " + name + "; exec " + String.join(" ", quoted),
                  "/dev/null"));
      return new TerminalClient(folder, client, name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Running client() {
    return client;
  }

  /** What the terminal shows. */
  String text() {
    return client.out();
  }

  void type(String keys) {
    client.type(keys);
  }

  void awaitText(String text) {
    client.awaitOut(text);
  }

  /** Gives its window another size. */
  void resize(int rows, int columns) {
    try {
      String device = Files.readString(name).strip();
      Commands.run(folder, List.of("stty", "-F", device, "rows", "" + rows, "cols", "" + columns))
          .ok();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the program has ended; returns its status. */
  int await() {
    return client.await().status();
  }
}
