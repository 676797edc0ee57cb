package org.felucca.shell.verb;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.registry.Credential;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.shell.session.Client;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Logs in at a registry. */
final class Login extends Verb {
  private static final int LONGEST = 64 << 10;

  @Option(
      names = {"-u", "--username"},
      paramLabel = "NAME",
      description = "the name there (else it is asked for)")
  @Nullable String username;

  @Option(names = "--password-stdin", description = "read the password from standard input")
  boolean passwordFromStdin;

  @Option(names = "--identity-token-stdin", description = "read an identity token from there")
  boolean tokenFromStdin;

  @Mixin RegistryOptions registry = new RegistryOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "REGISTRY",
      description = "host and perhaps port; docker.io if nothing is said")
  String name = "docker.io";

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca login registry.local:5000",
        "felucca login -u ci --password-stdin registry.local:5000 < password");
  }

  @Override
  protected void run() throws Exception {
    if (passwordFromStdin && tokenFromStdin) {
      throw EngineException.invalid("a password and an identity token can't both come from there");
    }
    RegistryAccess access = registry.access(call());
    Credential credential =
        tokenFromStdin ? new Credential.IdentityToken(secretFromStdin()) : password();
    boolean done =
        services()
            .logins()
            .use(
                logins -> {
                  logins.login(name, credential, access);
                  return true;
                });
    assert done;
    say("logged in at " + name);
  }

  private Credential password() throws IOException {
    if (passwordFromStdin) {
      if (username == null) {
        throw EngineException.invalid("a password needs a name; give it by --username");
      }
      return new Credential.Basic(username, secretFromStdin());
    }
    Client client = call().requireClient();
    if (call().inShell() || !client.hello().isTerminal(0) || !call().isTerminal()) {
      throw EngineException.invalid(
          "nobody can be asked for the password here; use --username and --password-stdin");
    }
    String who = username;
    if (who == null) {
      ask("Username: ");
      who =
          new BufferedReader(new InputStreamReader(call().in(), StandardCharsets.UTF_8)).readLine();
      if (who == null || who.isBlank()) {
        throw EngineException.invalid("no name was given");
      }
    }
    ask("Password: ");
    client.raw(true);
    try {
      return new Credential.Basic(who.strip(), typedBlindly(call().in()));
    } finally {
      client.raw(false);
      say("");
    }
  }

  private void ask(String what) {
    call().out().print(what);
    call().out().flush();
  }

  /** A line of a raw terminal, which shows nothing of it. */
  private static String typedBlindly(InputStream in) throws IOException {
    ByteArrayOutputStream typed = new ByteArrayOutputStream();
    while (true) {
      int key = in.read();
      switch (key) {
        case -1, 3, 4 -> throw EngineException.cancelled("no password was given");
        case '\r', '\n' -> {
          if (typed.size() == 0) {
            throw EngineException.invalid("no password was given");
          }
          return typed.toString(StandardCharsets.UTF_8);
        }
        case 8, 127 -> {
          String all = typed.toString(StandardCharsets.UTF_8);
          typed.reset();
          if (!all.isEmpty()) {
            typed.writeBytes(
                all.substring(0, all.offsetByCodePoints(all.length(), -1))
                    .getBytes(StandardCharsets.UTF_8));
          }
        }
        default -> {
          if (typed.size() < LONGEST) {
            typed.write(key);
          }
        }
      }
    }
  }

  private String secretFromStdin() throws IOException {
    byte[] bytes = call().in().readNBytes(LONGEST);
    String secret = new String(bytes, StandardCharsets.UTF_8).replaceFirst("\r?\n$", "");
    if (secret.isEmpty()) {
      throw EngineException.invalid("standard input holds no secret");
    }
    return secret;
  }
}
