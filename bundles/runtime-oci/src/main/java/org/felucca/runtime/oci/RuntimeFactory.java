package org.felucca.runtime.oci;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.runtime.Runtime;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * One configuration of {@code org.felucca.runtime}: publishes its runtime as long as it is there.
 * The service is registered by hand, since its name property has another key than the
 * configuration's.
 */
@Component(
    service = {},
    immediate = true,
    configurationPid = "org.felucca.runtime",
    configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = RuntimeFactory.Config.class, factory = true)
public final class RuntimeFactory {
  private static final Logger LOG = Logger.getLogger(RuntimeFactory.class.getName());
  private static final List<String> USUAL_FOLDERS =
      List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

  /** An OCI runtime. */
  @ObjectClassDefinition(name = "Felucca runtime")
  @interface Config {
    @AttributeDefinition(description = "the name under which users choose it")
    String name();

    @AttributeDefinition(description = "a few words for people")
    String description() default "";

    @AttributeDefinition(description = "the OCI binary, a path or a bare name; else the name")
    String binary() default "";

    @AttributeDefinition(description = "the shim v2 binary, a path or a bare name")
    String shim() default "felucca-shim";

    @AttributeDefinition(description = "where it keeps its state; else a folder of the engine's")
    String root() default "";

    @AttributeDefinition(description = "whether cgroups are made by systemd")
    boolean systemd__cgroup() default false;

    @AttributeDefinition(description = "whether pivot_root is avoided")
    boolean no__pivot__root() default false;

    @AttributeDefinition(description = "whether containers share the session keyring")
    boolean no__new__keyring() default false;

    @AttributeDefinition(description = "whether a version with known holes is refused")
    boolean refuse__vulnerable() default false;
  }

  private final String name;
  private final ServiceRegistration<Runtime> registration;

  /** Publishes it. */
  @Activate
  public RuntimeFactory(BundleContext context, Config config) {
    this.name =
        Identifiers.check("name of a runtime", Objects.requireNonNullElse(config.name(), ""));
    Runtime runtime = new OciRuntime(settings(context, config));
    this.registration =
        context.registerService(
            Runtime.class,
            runtime,
            FrameworkUtil.asDictionary(
                Map.of(Runtime.NAME, name, "service.description", config.description())));
    LOG.log(Level.INFO, "runtime added name={0}", name);
  }

  private static RuntimeSettings settings(BundleContext context, Config config) {
    String state = context.getProperty("felucca.state");
    if (state == null) {
      throw EngineException.precondition("the framework property felucca.state is not set");
    }
    return new RuntimeSettings(
        config.name(),
        config.description(),
        config.binary().isEmpty() ? config.name() : config.binary(),
        config.shim(),
        config.root().isEmpty() ? Path.of(state, config.name()) : Path.of(config.root()),
        config.systemd__cgroup(),
        config.no__pivot__root(),
        config.no__new__keyring(),
        config.refuse__vulnerable(),
        context.getProperty("felucca.home"),
        folders(System.getenv("PATH"), context.getProperty("felucca.home")));
  }

  /** PATH first, then where distributions put runtimes, then what Felucca brings itself. */
  static List<Path> folders(
      @org.jspecify.annotations.Nullable String path,
      @org.jspecify.annotations.Nullable String home) {
    List<Path> folders = new ArrayList<>();
    List<String> names =
        new ArrayList<>(path == null ? List.of() : List.of(path.split(File.pathSeparator, -1)));
    names.addAll(USUAL_FOLDERS);
    if (home != null) {
      names.add(home + "/libexec");
    }
    for (String one : names) {
      if (one.startsWith("/") && !folders.contains(Path.of(one))) {
        folders.add(Path.of(one));
      }
    }
    return folders;
  }

  /** Takes it away; its running containers go on. */
  @Deactivate
  public void close() {
    registration.unregister();
    LOG.log(Level.INFO, "runtime removed name={0}", name);
  }
}
