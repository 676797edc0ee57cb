package org.felucca.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.registry.Credential;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * The part of docker's {@code config.json} that is about logins. Everything else in a file is kept
 * as it is.
 */
final class DockerConfig {
  private static final int MAX_SIZE = 1 << 20;
  private static final String AUTHS = "auths";

  /** What docker.io is called in such files. */
  private static final String DOCKER_IO = "https://index.docker.io/v1/";

  private final Path file;
  private final Duration helperDeadline;
  private final JsonObject json;

  private DockerConfig(Path file, Duration helperDeadline, JsonObject json) {
    this.file = file;
    this.helperDeadline = helperDeadline;
    this.json = json;
  }

  /**
   * Reads a file; one that is not there is empty.
   *
   * @throws EngineException FAILED_PRECONDITION if it is damaged
   */
  static DockerConfig read(Path file, Duration helperDeadline) {
    try {
      if (Files.size(file) > MAX_SIZE) {
        throw EngineException.precondition(file + " has more than a megabyte; mend it");
      }
      byte[] bytes = Files.readAllBytes(file);
      return new DockerConfig(file, helperDeadline, Json.object(bytes, file.toString()));
    } catch (NoSuchFileException e) {
      return new DockerConfig(file, helperDeadline, JsonObject.create(file.toString()));
    } catch (IOException e) {
      throw EngineException.precondition("%s can't be read: %s".formatted(file, e.getMessage()));
    } catch (EngineException e) {
      throw EngineException.precondition(e.getMessage() + "; mend or remove it");
    }
  }

  /** The credential for a registry, or null. */
  @Nullable Credential find(String registry) {
    String helper = helper(registry);
    if (helper != null) {
      return new CredentialHelper(helper, helperDeadline).get(server(registry));
    }
    JsonObject auths = json.object(AUTHS);
    String key = key(registry);
    JsonObject entry = auths == null || key == null ? null : auths.object(key);
    return entry == null ? null : credential(entry, registry);
  }

  private @Nullable Credential credential(JsonObject entry, String registry) {
    String identity = entry.string("identitytoken", "");
    if (!identity.isEmpty()) {
      return new Credential.IdentityToken(identity);
    }
    String token = entry.string("registrytoken", "");
    if (!token.isEmpty()) {
      return new Credential.AccessToken(token);
    }
    String name = entry.string("username", "");
    String password = entry.string("password", "");
    String pair = entry.string("auth", "");
    if (!pair.isEmpty()) {
      String plain;
      try {
        plain = new String(Base64.getDecoder().decode(pair.strip()), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        throw damaged(registry);
      }
      int colon = plain.indexOf(':');
      if (colon < 0) {
        throw damaged(registry);
      }
      name = plain.substring(0, colon);
      password = plain.substring(colon + 1).replaceAll("\0+$", "");
    }
    return name.isEmpty() && password.isEmpty() ? null : new Credential.Basic(name, password);
  }

  private EngineException damaged(String registry) {
    return EngineException.precondition(
        "the login of %s in %s is damaged; log in again".formatted(registry, file));
  }

  /** The helper that keeps a registry's login, or null. */
  private @Nullable String helper(String registry) {
    JsonObject helpers = json.object("credHelpers");
    if (helpers != null) {
      for (String name : helpers.names()) {
        if (means(name, registry)) {
          String helper = helpers.string(name, "");
          return helper.isEmpty() ? null : helper;
        }
      }
    }
    String store = json.string("credsStore", "");
    return store.isEmpty() ? null : store;
  }

  private @Nullable String key(String registry) {
    JsonObject auths = json.object(AUTHS);
    if (auths == null) {
      return null;
    }
    String match = null;
    for (String name : auths.names()) {
      if (name.equals(registry)) {
        return name;
      }
      if (match == null && means(name, registry)) {
        match = name;
      }
    }
    return match;
  }

  /** Whether a key of such a file means a registry: with or without scheme and version. */
  private static boolean means(String key, String registry) {
    String plain =
        key.toLowerCase(Locale.ROOT)
            .replaceFirst("^https?://", "")
            .replaceFirst("/(v1|v2)?/?$", "");
    return registry.equals("docker.io")
        ? List.of("docker.io", "index.docker.io", "registry-1.docker.io").contains(plain)
        : plain.equals(registry.toLowerCase(Locale.ROOT));
  }

  private static String server(String registry) {
    return registry.equals("docker.io") ? DOCKER_IO : registry;
  }

  /** Puts a login in, or hands it to the helper that is named for it. */
  void put(String registry, Credential credential) {
    String helper = helper(registry);
    if (helper != null) {
      CredentialHelper keeper = new CredentialHelper(helper, helperDeadline);
      switch (credential) {
        case Credential.Basic basic ->
            keeper.store(server(registry), basic.username(), basic.password());
        case Credential.IdentityToken token ->
            keeper.store(server(registry), CredentialHelper.tokenName(), token.token());
        case Credential.AccessToken _, Credential.Header _ ->
            throw EngineException.precondition(
                "credential helper %s keeps passwords and identity tokens only".formatted(helper));
      }
      json.objectOrNew(AUTHS).put(server(registry), JsonObject.create("login"));
      return;
    }
    JsonObject entry = JsonObject.create("login");
    switch (credential) {
      case Credential.Basic basic ->
          entry.put(
              "auth",
              Base64.getEncoder()
                  .encodeToString(
                      (basic.username() + ":" + basic.password())
                          .getBytes(StandardCharsets.UTF_8)));
      case Credential.IdentityToken token -> entry.put("identitytoken", token.token());
      case Credential.AccessToken token -> entry.put("registrytoken", token.token());
      case Credential.Header _ ->
          throw EngineException.invalid("a ready header can't be kept as a login");
    }
    json.objectOrNew(AUTHS).put(server(registry), entry);
  }

  /** Takes a login out; answers whether there was one. */
  boolean remove(String registry) {
    String helper = helper(registry);
    boolean known = false;
    if (helper != null) {
      CredentialHelper keeper = new CredentialHelper(helper, helperDeadline);
      known = keeper.get(server(registry)) != null;
      if (known) {
        keeper.erase(server(registry));
      }
    }
    JsonObject auths = json.object(AUTHS);
    for (String key = key(registry); auths != null && key != null; key = key(registry)) {
      auths.remove(key);
      known = true;
    }
    return known;
  }

  /** The registries that it has logins of, sorted. */
  List<String> registries() {
    TreeSet<String> registries = new TreeSet<>();
    for (String part : List.of(AUTHS, "credHelpers")) {
      JsonObject entries = json.object(part);
      if (entries != null) {
        for (String name : entries.names()) {
          String plain = name.replaceFirst("^https?://", "").replaceFirst("/(v1|v2)?/?$", "");
          registries.add(means(name, "docker.io") ? "docker.io" : plain);
        }
      }
    }
    return new ArrayList<>(registries);
  }

  byte[] bytes() {
    return Json.pretty(json).getBytes(StandardCharsets.UTF_8);
  }
}
