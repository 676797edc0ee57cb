package org.felucca.grpc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;

/**
 * The JDK's own tool for keys and certificates, which every Java brings along. Its key stores are
 * protected by a word that is no secret: the files' modes protect them.
 */
final class Keytool {
  static final String WORD = "felucca";
  private static final long PATIENCE_SECONDS = 60;

  private final Path folder;

  /**
   * @param folder where it works
   */
  Keytool(Path folder) {
    this.folder = folder;
  }

  /** Runs it on a key store; an EngineException tells what it said. */
  void run(Path store, String command, String... arguments) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.add("-" + command);
    line.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", WORD));
    line.addAll(List.of("-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1"));
    line.addAll(List.of(arguments));
    try {
      Path said = Files.createTempFile(folder, "keytool", ".log");
      try {
        Process process =
            new ProcessBuilder(line)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
          throw failure(command, "it did not end within " + PATIENCE_SECONDS + " s", null);
        }
        if (process.exitValue() != 0) {
          throw failure(command, Files.readString(said, StandardCharsets.UTF_8).strip(), null);
        }
      } finally {
        Files.delete(said);
      }
    } catch (IOException e) {
      throw failure(command, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorKind.CANCELLED, "keytool was interrupted", e);
    }
  }

  private static EngineException failure(
      String command, String reason, @org.jspecify.annotations.Nullable Throwable cause) {
    return new EngineException(
        ErrorKind.INTERNAL, "keytool -%s failed: %s".formatted(command, reason), cause);
  }
}
