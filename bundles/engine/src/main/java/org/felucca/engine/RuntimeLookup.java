package org.felucca.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.runtime.Runtime;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeOptions;
import org.felucca.api.runtime.ShimFinder;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Finds runtimes by name or alias, while their bundles come and go. */
@Component(service = RuntimeLookup.class, configurationPid = EngineConfig.PID)
public final class RuntimeLookup {
  private static final Logger LOG = Logger.getLogger(RuntimeLookup.class.getName());

  /**
   * A runtime that was there before may be on its way back: this long a new container waits for it.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /**
   * A runtime that was never seen is given a moment, since configurations arrive one after the
   * other at start.
   */
  private static final Duration FIRST_PATIENCE = Duration.ofMillis(200);

  /** What a runtime answers for a new container. */
  record Choice(
      String name, @Nullable RuntimeInfo info, Path shim, @Nullable RuntimeOptions options) {
    /** The newest version of specs that it takes; nearly every one takes this. */
    String ociVersion() {
      return info == null ? "1.0.2" : info.ociVersion();
    }

    /** The first line of what its binary says of itself; empty if it was not asked. */
    String version() {
      return info == null ? "" : info.version();
    }
  }

  /** The runtime of containers that name none, and why. */
  record Default(String name, String reason) {}

  private final Swap<Runtime> runtimes;
  private final Swap<ShimFinder> shims;
  private final Map<String, String> aliases;
  private final String configuredDefault;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();

  /** Reads the configuration and begins to watch. */
  @Activate
  public RuntimeLookup(BundleContext context, EngineConfig config) {
    this.configuredDefault = config.default__runtime().strip();
    this.aliases = parse(config.runtime__aliases());
    this.runtimes = new Swap<>(context, Runtime.class, Unavailable.INSTANCE);
    this.shims = new Swap<>(context, ShimFinder.class, Unavailable.INSTANCE);
  }

  @Deactivate
  void close() {
    runtimes.close();
    shims.close();
  }

  /**
   * A file of properties gives all of them in one text, a configuration of another kind several.
   */
  private static Map<String, String> parse(String[] texts) {
    Map<String, String> aliases = new TreeMap<>();
    for (String text : String.join(",", texts).split(",", -1)) {
      int equals = text.indexOf('=');
      String alias = equals < 0 ? "" : text.substring(0, equals).strip();
      String name = text.substring(equals + 1).strip();
      if (!alias.isEmpty() && !name.isEmpty()) {
        aliases.put(alias, name);
      } else if (!text.isBlank()) {
        LOG.log(
            Level.WARNING,
            "runtime alias ignored value={0}: write it as alias=name",
            Identifiers.quote(text));
      }
    }
    return aliases;
  }

  /** The names of the runtimes that are there, sorted. */
  List<String> names() {
    return runtimes.references().stream()
        .map(RuntimeLookup::nameOf)
        .filter(name -> !name.isEmpty())
        .sorted()
        .distinct()
        .toList();
  }

  /** The aliases of a runtime. */
  List<String> aliases(String name) {
    List<String> result = new ArrayList<>();
    aliases.forEach(
        (alias, target) -> {
          if (target.equals(name)) {
            result.add(alias);
          }
        });
    return result;
  }

  /** The runtime of containers that name none. */
  Default defaultRuntime() {
    if (!configuredDefault.isEmpty()) {
      return new Default(
          resolve(configuredDefault), "default_runtime in etc/org.felucca.engine.cfg");
    }
    List<String> names = names();
    if (names.contains("crun")) {
      String problem = problemOfCrun();
      if (problem == null) {
        return new Default("crun", "crun works here and is the faster one");
      }
      return new Default("runc", "crun can't be used: " + problem);
    }
    return new Default("runc", "no crun among the runtimes");
  }

  private @Nullable String problemOfCrun() {
    String cgroups = HostCgroups.problemForCrun();
    if (cgroups != null) {
      return cgroups;
    }
    try {
      ask("crun");
      return null;
    } catch (EngineException e) {
      return e.getMessage();
    }
  }

  /** The name that an alias stands for; the name itself if it is none. */
  String resolve(String nameOrAlias) {
    return aliases.getOrDefault(nameOrAlias, nameOrAlias);
  }

  /**
   * Asks a runtime for what a new container needs.
   *
   * @param nameOrAlias which; empty for the default; also what {@link ShimFinder} finds
   * @throws EngineException NOT_FOUND if there is no such runtime; FAILED_PRECONDITION if it can't
   *     be used
   */
  Choice choose(String nameOrAlias) {
    String name = nameOrAlias.isEmpty() ? defaultRuntime().name() : resolve(nameOrAlias);
    if ((name.startsWith("/") || name.indexOf('.') > 0) && !names().contains(name)) {
      Optional<Path> shim = shims.use(reference -> true, PATIENCE, finder -> finder.find(name));
      if (shim.isPresent()) {
        return new Choice(name, null, shim.get(), null);
      }
    }
    return ask(name);
  }

  /** The newest versions of specs that the runtimes take which can be used. */
  List<String> ociVersions() {
    List<String> versions = new ArrayList<>();
    for (String name : names()) {
      try {
        versions.add(info(name).ociVersion());
      } catch (EngineException e) {
        LOG.log(Level.FINE, "runtime not asked name={0} reason={1}", new Object[] {name, e});
      }
    }
    return versions;
  }

  /** What a runtime says of its binary; as {@link #choose} otherwise. */
  RuntimeInfo info(String name) {
    return Objects.requireNonNull(ask(name).info());
  }

  private Choice ask(String name) {
    runtimes.references().forEach(reference -> seen.add(nameOf(reference)));
    try {
      return runtimes.use(
          reference -> nameOf(reference).equals(name),
          seen.contains(name) ? PATIENCE : FIRST_PATIENCE,
          runtime -> new Choice(name, runtime.info(), runtime.shim(), runtime.options()));
    } catch (EngineException e) {
      if (names().contains(name)) {
        throw e;
      }
      throw EngineException.notFound(
          "runtime %s not found: there are %s; install its bundle or write etc/org.felucca.runtime-%s.cfg"
              .formatted(Identifiers.quote(name), names(), name));
    }
  }

  private static String nameOf(ServiceReference<Runtime> reference) {
    return reference.getProperty(Runtime.NAME) instanceof String name ? name : "";
  }
}
