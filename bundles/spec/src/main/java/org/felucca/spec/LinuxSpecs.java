package org.felucca.spec;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.ExecOptions;
import org.felucca.api.container.ProcessOptions;
import org.felucca.api.container.Resources;
import org.felucca.api.container.TerminalSize;
import org.felucca.api.spec.SpecHost;
import org.felucca.api.spec.SpecRequest;
import org.felucca.api.spec.SpecService;
import org.felucca.oci.ContainerConfig;
import org.felucca.oci.ImageConfig;
import org.felucca.oci.JsonObject;
import org.felucca.oci.RuntimeSpec;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** OCI runtime specs for Linux (OCI runtime specification, config.md and config-linux.md). */
@Component
public final class LinuxSpecs implements SpecService {
  /** Nothing newer is used; a runtime that takes only an older version gets that one named. */
  private static final String VERSION = "1.1.0";

  /** Reading files of an image holds a thread, which must not be the carrier of a virtual one. */
  private final ExecutorService readers =
      Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().name("spec-", 0).factory());

  /** A container gets no more. */
  private final OwnLimits own;

  /** Reads what this process may give. */
  @Activate
  public LinuxSpecs() {
    own = OwnLimits.read();
  }

  @Deactivate
  void close() {
    readers.shutdownNow();
  }

  @Override
  public byte[] generate(SpecRequest request) {
    ImageConfig image = ImageConfig.parse(request.imageConfig(), "the config of the image");
    CreateOptions options = request.options();
    ProcessOptions wanted = options.process();
    ContainerConfig config = image.config();
    String hostname = hostname(options.network().hostname(), request.id().shortForm());
    String user = Objects.requireNonNullElse(wanted.user(), config.user());
    ResolvedUser resolved =
        below(() -> UserDatabase.resolve(request.rootfs(), user, wanted.groups()));
    Environment env = new Environment();
    env.set("PATH", Environment.DEFAULT_PATH);
    env.set("HOSTNAME", hostname);
    if (wanted.terminal()) {
      env.set("TERM", "xterm");
    }
    env.set("HOME", resolved.home());
    env.addImage(config.env());
    env.addUser(wanted.env());

    List<String> capabilities =
        Capabilities.granted(options.security(), request.host().capabilities());
    List<String> args = new ArrayList<>(arguments(options, config));
    if (wanted.init()) {
      args.addAll(0, List.of(INIT, "--"));
    }
    JsonObject process =
        JsonObject.create("process")
            .put("terminal", wanted.terminal())
            .put("user", resolved.json())
            .put("args", args)
            .put("env", env.list())
            .put("cwd", workingFolder(wanted, config))
            .put("capabilities", Capabilities.json(capabilities, resolved.isRoot()))
            .put("rlimits", Rlimits.json(wanted.ulimits(), own))
            .put("noNewPrivileges", options.security().noNewPrivileges())
            // The engine itself runs with a score that no container may inherit.
            .put("oomScoreAdj", oomScore(wanted));
    String apparmor = options.security().apparmor();
    if (apparmor != null && !apparmor.equals("unconfined")) {
      process.put("apparmorProfile", apparmor);
    }
    putSize(process, wanted.size());
    JsonObject spec =
        JsonObject.create("spec")
            .put("ociVersion", SpecVersion.older(VERSION, request.ociVersion()))
            .put("process", process)
            .put(
                "root",
                JsonObject.create("root")
                    .put("path", "rootfs")
                    .put("readonly", options.root().readOnly()));
    if (options.namespaces().uts().isOwn()) {
      spec.put("hostname", hostname);
    }
    if (!options.annotations().isEmpty()) {
      spec.put("annotations", new TreeMap<>(Annotations.checked(options.annotations())));
    }
    return spec.put("mounts", SpecMounts.all(options, request.extraMounts()))
        .put(
            "linux",
            Isolation.linux(
                options,
                request.host(),
                cgroup(options.namespaces().cgroupParent(), request),
                capabilities))
        .bytes();
  }

  @Override
  public void check(CreateOptions options, SpecHost host) {
    String checked = hostname(options.network().hostname(), "name");
    List<String> capabilities = Capabilities.granted(options.security(), host.capabilities());
    Environment env = new Environment();
    env.addUser(options.process().env());
    if (options.process().cwd() != null) {
      checked = ContainerPaths.workingFolder(options.process().cwd());
    }
    Object parts =
        List.of(
            checked,
            checkedArguments(options.process().command()),
            oomScore(options.process()),
            Rlimits.json(options.process().ulimits(), own),
            Annotations.checked(options.annotations()),
            SpecMounts.all(options, List.of()),
            cgroupParent(options.namespaces().cgroupParent()),
            Isolation.linux(options, host, "", capabilities));
    assert parts != null;
  }

  private int oomScore(ProcessOptions wanted) {
    int score = wanted.oomScoreAdj() == null ? 0 : wanted.oomScoreAdj();
    if (score < -1000 || score > 1000) {
      throw EngineException.invalid(
          "--oom-score-adj %d is out of range: -1000 to 1000 is allowed".formatted(score));
    }
    return wanted.oomScoreAdj() == null ? score : own.oomScore(score);
  }

  private static String cgroup(String parent, SpecRequest request) {
    return parent.isEmpty()
        ? "/felucca/" + request.namespace() + "/" + request.id()
        : cgroupParent(parent) + "/" + request.id();
  }

  private static String cgroupParent(String parent) {
    if (!parent.matches("/?([A-Za-z0-9_.:@-]+(/[A-Za-z0-9_.:@-]+)*)?")
        || List.of(parent.split("/", -1)).contains("..")
        || List.of(parent.split("/", -1)).contains(".")
        || parent.equals("/")) {
      throw EngineException.invalid(
          "--cgroup-parent %s is not allowed: give the path of a cgroup, such as /batch/night"
              .formatted(Identifiers.quote(parent)));
    }
    return parent.isEmpty() || parent.startsWith("/") ? parent : "/" + parent;
  }

  @Override
  public byte[] process(byte[] spec, ExecOptions options, Path rootfs) {
    JsonObject process = RuntimeSpec.parse(spec).process();
    if (options.command().isEmpty()) {
      throw EngineException.invalid("no command is given to run in the container");
    }
    process.put("args", checkedArguments(options.command()));
    process.put("terminal", options.terminal());
    putSize(process, options.size());
    Environment env = new Environment();
    env.addImage(process.strings("env"));
    if (options.terminal() && !env.has("TERM")) {
      env.set("TERM", "xterm");
    }
    String user = options.user();
    if (user != null) {
      ResolvedUser resolved = below(() -> UserDatabase.resolve(rootfs, user, List.of()));
      process.put("user", resolved.json());
      env.set("HOME", resolved.home());
      JsonObject capabilities = process.object("capabilities");
      if (capabilities != null) {
        process.put(
            "capabilities", Capabilities.json(capabilities.strings("bounding"), resolved.isRoot()));
      }
    }
    env.addUser(options.env());
    process.put("env", env.list());
    if (options.cwd() != null) {
      process.put("cwd", ContainerPaths.workingFolder(options.cwd()));
    }
    return process.bytes();
  }

  @Override
  public byte[] resources(Resources resources) {
    JsonObject json = JsonObject.create("resources");
    ResourceLimits.put(json, resources);
    return json.bytes();
  }

  @Override
  public byte[] withResources(byte[] spec, Resources resources) {
    RuntimeSpec parsed = RuntimeSpec.parse(spec);
    ResourceLimits.putNew(parsed.json().objectOrNew("linux").objectOrNew("resources"), resources);
    return parsed.bytes();
  }

  @Override
  public byte[] standalone(byte[] spec, @Nullable Owner owner) {
    return StandaloneSpec.of(spec, owner);
  }

  private static void putSize(JsonObject process, @Nullable TerminalSize size) {
    process.remove("consoleSize");
    if (size != null && process.bool("terminal", false)) {
      process.put(
          "consoleSize",
          JsonObject.create("size").put("height", size.rows()).put("width", size.columns()));
    }
  }

  @Override
  public byte[] fitVersion(byte[] spec, String ociVersion) {
    String version = RuntimeSpec.ociVersion(spec);
    String fitting = SpecVersion.older(version, ociVersion);
    if (fitting.equals(version)) {
      return spec;
    }
    RuntimeSpec parsed = RuntimeSpec.parse(spec);
    parsed.json().put("ociVersion", fitting);
    return parsed.bytes();
  }

  private static List<String> arguments(CreateOptions options, ContainerConfig config) {
    List<String> entrypoint = options.process().entrypoint();
    List<String> command = options.process().command();
    List<String> args = new ArrayList<>();
    if (entrypoint != null) {
      // Another entry point has no use for the image's arguments.
      args.addAll(entrypoint.equals(List.of("")) ? List.of() : entrypoint);
    } else {
      if (config.entrypoint() != null) {
        args.addAll(config.entrypoint());
      }
      if (command.isEmpty() && config.cmd() != null) {
        command = config.cmd();
      }
    }
    args.addAll(command);
    if (args.isEmpty() || args.getFirst().isEmpty()) {
      throw EngineException.invalid(
          "nothing to run: %s names no command; give one behind it"
              .formatted(options.root().what()));
    }
    return checkedArguments(args);
  }

  private static List<String> checkedArguments(List<String> args) {
    for (String arg : args) {
      if (arg.indexOf('\0') >= 0) {
        throw EngineException.invalid("an argument holds a zero byte, which Linux can't pass on");
      }
    }
    return args;
  }

  private static String workingFolder(ProcessOptions options, ContainerConfig config) {
    if (options.cwd() != null) {
      return ContainerPaths.workingFolder(options.cwd());
    }
    String dir = config.workingDir();
    return ContainerPaths.workingFolder(dir.startsWith("/") ? dir : "/" + dir);
  }

  private static String hostname(@Nullable String name, String otherwise) {
    if (name == null) {
      return otherwise;
    }
    if (name.getBytes(StandardCharsets.UTF_8).length > 64
        || !name.matches("[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")) {
      throw EngineException.invalid(
          "--hostname %s is not allowed: use up to 64 letters, digits, dots and dashes"
              .formatted(Identifiers.quote(name)));
    }
    return name;
  }

  private <T> T below(Callable<T> work) {
    Future<T> future = readers.submit(work);
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      Thread.currentThread().interrupt();
      throw EngineException.cancelled("look up the user of the container: interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineException known) {
        throw known.during("look up the user of the container");
      }
      throw EngineException.internal(
          "look up the user of the container: " + e.getCause(), e.getCause());
    }
  }
}
