package org.felucca.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Debian's docker-registry on a port of loopback. */
final class DockerRegistry implements AutoCloseable {
  /** Who may in where it wants a password: ann, by the password "secret". */
  static final String LOGIN = "ann:$2b$12$aPKLk7llYY.2ydmnlA9eweH8Ood8EHtS4/bs8MeS1v9FTgkotJEmO\n";

  private static final Pattern LISTENS = Pattern.compile("listening on (127\\.0\\.0\\.1:[0-9]+)");

  private final Process process;
  private final String host;

  private DockerRegistry(Path folder, String http, String auth) {
    try {
      Files.createDirectories(folder);
      Path config = folder.resolve("config.yml");
      Files.writeString(
          config,
          """
          version: 0.1
          log: {level: info}
          storage:
            filesystem: {rootdirectory: "%s"}
            delete: {enabled: true}
          http:
            addr: 127.0.0.1:0
          %s%s
          """
              .formatted(folder.resolve("data"), http, auth));
      Path log = folder.resolve("log");
      process =
          new ProcessBuilder("docker-registry", "serve", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      host = awaitHost(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String awaitHost(Path log) {
    String[] found = new String[1];
    Commands.await(
        "docker-registry listens",
        () -> {
          String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
          Matcher listens = LISTENS.matcher(text);
          if (listens.find()) {
            found[0] = listens.group(1);
          } else if (!process.isAlive()) {
            throw new AssertionError(text);
          }
          return found[0] != null;
        });
    return found[0];
  }

  static DockerRegistry plain(Path folder) {
    return new DockerRegistry(folder, "", "");
  }

  /** That wants a password. */
  static DockerRegistry withPasswords(Path folder) {
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("htpasswd"), LOGIN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new DockerRegistry(
        folder,
        "",
        "auth: {htpasswd: {realm: test, path: \"%s\"}}\n".formatted(folder.resolve("htpasswd")));
  }

  /** With a certificate by a CA that nobody knows, which lies in {@code ca.pem} of the folder. */
  static DockerRegistry withTls(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String make =
        """
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
          -keyout ca.key -out ca.pem &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
          -keyout key.pem -out request.pem &&
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names &&
        openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
          -extfile names -out cert.pem
        """;
    Commands.run(folder, List.of("sh", "-c", make)).ok();
    return new DockerRegistry(
        folder,
        "  tls: {certificate: \"%s\", key: \"%s\"}\n"
            .formatted(folder.resolve("cert.pem"), folder.resolve("key.pem")),
        "");
  }

  /** Its address, as image names have it. */
  String host() {
    return host;
  }

  /** Copies an OCI layout into it, by skopeo. */
  void add(Path layout, String name) {
    Commands.run(
            layout,
            List.of(
                "skopeo",
                "copy",
                "-q",
                "--dest-tls-verify=false",
                "oci:" + layout,
                "docker://" + host + "/" + name))
        .ok();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
