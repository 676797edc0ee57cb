package org.felucca.registry;

import com.electronwill.nightconfig.core.Config;
import com.electronwill.nightconfig.core.UnmodifiableConfig;
import com.electronwill.nightconfig.core.io.ParsingException;
import com.electronwill.nightconfig.toml.TomlParser;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.registry.RegistryAccess;
import org.felucca.registry.Host.Capability;
import org.jspecify.annotations.Nullable;

/**
 * The machines that stand for a registry: those that its {@code hosts.toml} names, in containerd's
 * form, and the registry itself. They are read anew each time, so a change counts at once.
 */
final class HostsFiles {
  private static final String FILE = "hosts.toml";
  private static final String DEFAULT = "_default";
  private static final int MAX_SIZE = 1 << 20;
  private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);

  static {
    // Mirrors are asked in the order of the file. Of this bundle's own copy of the library.
    Config.setInsertionOrderPreserved(true);
  }

  private final List<Path> folders;

  HostsFiles(List<Path> folders) {
    this.folders = List.copyOf(folders);
  }

  /**
   * The machines in the order in which they are asked; the registry itself is the last.
   *
   * @throws EngineException FAILED_PRECONDITION if its file is malformed
   */
  List<Host> hosts(String registry, RegistryAccess access) {
    List<Path> places = access.hostsFolder() == null ? folders : List.of(access.hostsFolder());
    List<Host> hosts = null;
    for (Path place : places) {
      Path folder = folder(place, registry);
      if (folder != null) {
        hosts = read(folder, registry);
        break;
      }
    }
    if (hosts == null) {
      hosts =
          List.of(host(registry, standard(registry, access.plainHttp()), Map.of(), null, false));
    }
    List<Host> complete = new ArrayList<>();
    for (Host host : hosts) {
      Map<String, List<String>> headers = new LinkedHashMap<>(host.headers());
      access.headers().forEach((name, value) -> headers.put(name, List.of(value)));
      complete.add(
          new Host(
              registry,
              host.base(),
              host.capabilities(),
              access.skipVerify() ? host.tls().skippingVerification() : host.tls(),
              headers,
              host.mirror()));
    }
    return complete;
  }

  /** The address of a registry of which no file says anything. */
  private static URI standard(String registry, boolean plainHttp) {
    String machine = registry.equals("docker.io") ? "registry-1.docker.io" : registry;
    URI probe = URI.create("http://" + machine);
    if (probe.getHost() == null) {
      throw EngineException.invalid(
          "registry %s is no host name".formatted(Identifiers.quote(registry)));
    }
    boolean plain =
        probe.getPort() == 80
            || (probe.getPort() != 443 && (plainHttp || Host.isLoopback(probe.getHost())));
    return URI.create((plain ? "http://" : "https://") + machine + "/v2");
  }

  private static @Nullable Path folder(Path place, String registry) {
    int colon = registry.lastIndexOf(':');
    List<String> names = new ArrayList<>();
    names.add(registry);
    if (colon > 0 && registry.indexOf(']', colon) < 0) {
      names.add(registry.substring(0, colon) + "_" + registry.substring(colon + 1) + "_");
    }
    names.add(DEFAULT);
    for (String name : names) {
      Path folder = place.resolve(name);
      if (Files.isDirectory(folder)) {
        return folder;
      }
    }
    return null;
  }

  private static List<Host> read(Path folder, String registry) {
    Path file = folder.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        return List.of(
            new Host(
                registry, standard(registry, false), ALL, certificates(folder), Map.of(), false));
      }
      if (Files.size(file) > MAX_SIZE) {
        throw wrong(file, "it has more than a megabyte");
      }
      UnmodifiableConfig config =
          new TomlParser().parse(Files.readString(file, StandardCharsets.UTF_8));
      return hosts(plain(config), file, registry);
    } catch (ParsingException e) {
      throw wrong(file, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw wrong(file, "it can't be read: " + e.getMessage());
    }
  }

  /** A table as a map, the tables in it as well. */
  private static Map<String, Object> plain(UnmodifiableConfig table) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (UnmodifiableConfig.Entry entry : table.entrySet()) {
      Object value = entry.getRawValue();
      map.put(entry.getKey(), value instanceof UnmodifiableConfig inner ? plain(inner) : value);
    }
    return map;
  }

  private static @Nullable Map<String, Object> table(@Nullable Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      return null;
    }
    Map<String, Object> table = new LinkedHashMap<>();
    map.forEach((name, each) -> table.put(String.valueOf(name), each));
    return table;
  }

  private static List<Host> hosts(Map<String, Object> config, Path file, String registry) {
    List<Host> hosts = new ArrayList<>();
    Map<String, Object> machines = table(config.get("host"));
    if (machines != null) {
      for (Map.Entry<String, Object> machine : machines.entrySet()) {
        Map<String, Object> settings = table(machine.getValue());
        if (settings == null) {
          throw wrong(file, "host." + machine.getKey() + " is no table");
        }
        URI base = address(machine.getKey(), settings, file);
        hosts.add(host(registry, base, settings, file, true));
      }
    } else if (config.get("host") != null) {
      throw wrong(file, "host is no table");
    }
    URI own =
        config.get("server") instanceof String server && !server.isEmpty()
            ? address(server, config, file)
            : standard(registry, false);
    hosts.add(host(registry, own, config, file, false));
    return hosts;
  }

  private static URI address(String text, Map<String, Object> settings, Path file) {
    URI uri;
    try {
      uri = URI.create(text.contains("://") ? text : "https://" + text);
    } catch (IllegalArgumentException e) {
      throw wrong(file, Identifiers.quote(text) + " is no address");
    }
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if (uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
      throw wrong(file, Identifiers.quote(text) + " is no http or https address");
    }
    if (uri.getUserInfo() != null) {
      throw wrong(file, "an address has a password in it; use felucca login");
    }
    String path = uri.getRawPath().replaceAll("/+$", "");
    boolean override = Boolean.TRUE.equals(settings.get("override_path"));
    if (!override && !path.endsWith("/v2")) {
      path += "/v2";
    }
    return URI.create(scheme + "://" + uri.getRawAuthority() + path);
  }

  private static Host host(
      String registry,
      URI base,
      Map<String, Object> settings,
      @Nullable Path file,
      boolean mirror) {
    if (file == null) {
      return new Host(registry, base, ALL, TlsSettings.MACHINE, Map.of(), false);
    }
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    if (settings.get("capabilities") == null) {
      capabilities.addAll(ALL);
    } else {
      for (String word : strings(settings, "capabilities", file)) {
        switch (word.toLowerCase(Locale.ROOT)) {
          case "pull" -> capabilities.add(Capability.PULL);
          case "resolve" -> capabilities.add(Capability.RESOLVE);
          case "push" -> capabilities.add(Capability.PUSH);
          default ->
              throw wrong(
                  file, "capability " + Identifiers.quote(word) + " is not pull, resolve or push");
        }
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    List<Path> authorities = new ArrayList<>();
    for (String authority : strings(settings, "ca", file)) {
      authorities.add(resolve(folder, authority));
    }
    TlsSettings tls =
        new TlsSettings(
            authorities,
            clients(settings.get("client"), file, folder),
            Boolean.TRUE.equals(settings.get("skip_verify")));
    Map<String, List<String>> headers = new LinkedHashMap<>();
    Map<String, Object> given = table(settings.get("header"));
    if (given != null) {
      for (String name : given.keySet()) {
        headers.put(name, strings(given, name, file));
      }
    }
    boolean other =
        mirror
            && !base.getRawAuthority().equals(registry)
            && !(registry.equals("docker.io")
                && base.getRawAuthority().equals("registry-1.docker.io"));
    return new Host(registry, base, capabilities, tls, headers, other);
  }

  private static List<TlsSettings.ClientKey> clients(
      @Nullable Object value, Path file, @Nullable Path folder) {
    List<TlsSettings.ClientKey> clients = new ArrayList<>();
    switch (value) {
      case null -> {}
      case String one -> clients.add(new TlsSettings.ClientKey(resolve(folder, one), null));
      case List<?> several -> {
        for (Object each : several) {
          if (each instanceof String one) {
            clients.add(new TlsSettings.ClientKey(resolve(folder, one), null));
          } else if (each instanceof List<?> pair
              && pair.size() <= 2
              && !pair.isEmpty()
              && pair.stream().allMatch(String.class::isInstance)) {
            String key = pair.size() == 2 ? (String) pair.get(1) : "";
            clients.add(
                new TlsSettings.ClientKey(
                    resolve(folder, (String) pair.getFirst()),
                    key.isEmpty() ? null : resolve(folder, key)));
          } else {
            throw wrong(file, "client must be a file, or a list of files or of [certificate, key]");
          }
        }
      }
      default -> throw wrong(file, "client must be a file, or a list");
    }
    return clients;
  }

  private static Path resolve(@Nullable Path folder, String name) {
    return folder == null ? Path.of(name) : folder.resolve(name);
  }

  private static List<String> strings(Map<String, Object> settings, String name, Path file) {
    return switch (settings.get(name)) {
      case null -> List.of();
      case String one -> List.of(one);
      case List<?> several when several.stream().allMatch(String.class::isInstance) ->
          several.stream().map(String.class::cast).toList();
      default -> throw wrong(file, name + " must be a string or a list of strings");
    };
  }

  /** Docker's way: certificates without a hosts.toml. */
  private static TlsSettings certificates(Path folder) throws IOException {
    Set<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      all.forEach(files::add);
    }
    List<Path> authorities = new ArrayList<>();
    List<TlsSettings.ClientKey> clients = new ArrayList<>();
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      if (name.endsWith(".crt")) {
        authorities.add(file);
      } else if (name.endsWith(".cert")) {
        clients.add(
            new TlsSettings.ClientKey(
                file, file.resolveSibling(name.replaceAll("\\.cert$", ".key"))));
      }
    }
    return new TlsSettings(authorities, clients, false);
  }

  private static EngineException wrong(Path file, String why) {
    return EngineException.precondition(
        "%s can't be used: %s; mend it or take it away".formatted(file, why));
  }
}
