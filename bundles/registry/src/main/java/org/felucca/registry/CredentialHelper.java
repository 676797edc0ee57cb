package org.felucca.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.registry.Credential;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * A program that keeps credentials ({@code docker-credential-NAME}, by the protocol of
 * docker-credential-helpers).
 */
final class CredentialHelper {
  private static final Logger LOG = Logger.getLogger(CredentialHelper.class.getName());
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
  private static final int MAX_ANSWER = 64 << 10;
  private static final String TOKEN = "<token>";

  private final String program;
  private final Duration deadline;

  CredentialHelper(String name, Duration deadline) {
    if (!NAME.matcher(name).matches()) {
      throw EngineException.precondition(
          "credential helper %s is no name of one; mend config.json"
              .formatted(Identifiers.quote(name)));
    }
    this.program = "docker-credential-" + name;
    this.deadline = deadline;
  }

  /**
   * @param program the program itself, wherever it is
   */
  CredentialHelper(Path program, Duration deadline) {
    this.program = program.toString();
    this.deadline = deadline;
  }

  /** What it keeps for a server, or null. */
  @Nullable Credential get(String server) {
    Answer answer = run("get", server.getBytes(StandardCharsets.UTF_8));
    if (answer.status() != 0) {
      String words = new String(answer.output(), StandardCharsets.UTF_8).strip();
      if (words.contains("credentials not found") || words.contains("no credentials")) {
        return null;
      }
      throw failed("get", answer);
    }
    JsonObject json = Json.object(answer.output(), "the answer of " + program);
    String name = json.string("Username", "");
    String secret = json.string("Secret", "");
    if (secret.isEmpty()) {
      return null;
    }
    return name.equals(TOKEN)
        ? new Credential.IdentityToken(secret)
        : new Credential.Basic(name, secret);
  }

  void store(String server, String name, String secret) {
    JsonObject json =
        JsonObject.create("credential")
            .put("ServerURL", server)
            .put("Username", name)
            .put("Secret", secret);
    Answer answer = run("store", json.bytes());
    if (answer.status() != 0) {
      throw failed("store", answer);
    }
  }

  static String tokenName() {
    return TOKEN;
  }

  void erase(String server) {
    Answer answer = run("erase", server.getBytes(StandardCharsets.UTF_8));
    if (answer.status() != 0) {
      throw failed("erase", answer);
    }
  }

  /** Of what it says at failure, only the first line is passed on; it has no secret then. */
  private EngineException failed(String action, Answer answer) {
    String words =
        new String(answer.output(), StandardCharsets.UTF_8).lines().findFirst().orElse("");
    return EngineException.precondition(
        "%s %s failed with status %d: %s"
            .formatted(program, action, answer.status(), Identifiers.quote(words)));
  }

  private record Answer(int status, byte[] output) {}

  private Answer run(String action, byte[] input) {
    Process process;
    try {
      process =
          new ProcessBuilder(program, action)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw EngineException.precondition(
          "credential helper %s can't be started: %s; install it, or take it out of config.json"
              .formatted(program, e.getMessage()));
    }
    long end = System.nanoTime() + deadline.toNanos();
    CompletableFuture<byte[]> output = new CompletableFuture<>();
    try {
      // Pipes of processes block their thread, which would be the carrier of a virtual one.
      pipe("read", () -> read(process, output));
      pipe("write", () -> write(process, input));
      byte[] bytes = output.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (!process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw new TimeoutException();
      }
      return new Answer(process.exitValue(), bytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("ask " + program + ": interrupted");
    } catch (TimeoutException e) {
      throw new EngineException(
          ErrorKind.DEADLINE_EXCEEDED,
          "credential helper %s did not answer within %d seconds and was killed"
              .formatted(program, deadline.toSeconds()),
          e);
    } catch (ExecutionException e) {
      throw EngineException.precondition(
          "credential helper %s can't be heard: %s".formatted(program, e.getCause()));
    } finally {
      process.descendants().toList().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private void pipe(String verb, Runnable work) {
    Thread.ofPlatform().daemon().name(verb + " " + program).start(work);
  }

  private static void read(Process process, CompletableFuture<byte[]> output) {
    try (InputStream out = process.getInputStream()) {
      byte[] bytes = out.readNBytes(MAX_ANSWER + 1);
      if (bytes.length > MAX_ANSWER) {
        output.completeExceptionally(new IOException("it answers with more than 64 KiB"));
      } else {
        output.complete(bytes);
      }
    } catch (IOException e) {
      output.completeExceptionally(e);
    }
  }

  private static void write(Process process, byte[] input) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(input);
    } catch (IOException e) {
      LOG.log(Level.FINE, "credential helper did not read its input", e); // its status tells
    }
  }
}
