package org.felucca.shell.verb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageReference;
import org.felucca.api.image.Platform;
import org.felucca.api.registry.PullOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of {@code run} and {@code create}, by concern: what a container shall be. */
abstract class CreateArguments extends Verb {
  /** An engine that has no registries is not waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "the name to call it by (else one is made up)")
  @Nullable String name;

  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME[=VALUE]",
      description = "a label for its record")
  List<String> labels = new ArrayList<>();

  @Option(
      names = "--label-file",
      paramLabel = "FILE",
      description = "labels from a file, NAME=VALUE a line")
  List<String> labelFiles = new ArrayList<>();

  @Option(
      names = "--annotation",
      paramLabel = "NAME=VALUE",
      description = "an annotation for the runtime")
  List<String> annotations = new ArrayList<>();

  @Option(
      names = "--runtime",
      paramLabel = "NAME",
      description = "the OCI runtime (felucca runtime ls)")
  @Nullable String runtime;

  @Option(
      names = "--pull",
      paramLabel = "always|missing|never",
      description = "whether the image is pulled first (missing: if it is not here)")
  String pull = "missing";

  @Option(
      names = {"-q", "--quiet"},
      description = "no progress of a pull")
  boolean quiet;

  @Mixin RegistryOptions registry = new RegistryOptions();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @ArgGroup(validate = false, order = 10, heading = "%nIts program%n")
  FirstProcessArguments process = new FirstProcessArguments();

  @ArgGroup(validate = false, order = 20, heading = "%nIts life%n")
  LifeArguments life = new LifeArguments();

  @ArgGroup(validate = false, order = 25, heading = "%nIts health%n")
  HealthArguments health = new HealthArguments();

  @ArgGroup(validate = false, order = 30, heading = "%nIts files%n")
  RootArguments root = new RootArguments();

  @ArgGroup(validate = false, order = 40, heading = "%nMounts and volumes%n")
  StorageArguments storage = new StorageArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nNames and network%n")
  NetworkArguments network = new NetworkArguments();

  @ArgGroup(validate = false, order = 55, heading = "%nWhat it shares%n")
  NamespaceArguments namespaces = new NamespaceArguments();

  @ArgGroup(validate = false, order = 60, heading = "%nLimits%n")
  ResourceArguments resources = new ResourceArguments();

  @ArgGroup(validate = false, order = 70, heading = "%nRights%n")
  SecurityArguments security = new SecurityArguments();

  @ArgGroup(validate = false, order = 90, heading = "%nIts output%n")
  LogArguments log = new LogArguments();

  @ArgGroup(validate = false, order = 80, heading = "%nDevices%n")
  DeviceArguments devices = new DeviceArguments();

  @Parameters(index = "0", paramLabel = "IMAGE", description = "the image")
  String image = "";

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "the program and its arguments (else the image's)")
  List<String> command = new ArrayList<>();

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected Names names() {
    return Names.IMAGES;
  }

  /**
   * What the engine is asked for.
   *
   * @param keepLog whether the output is kept, for {@code felucca logs}, if nothing else is said
   */
  final CreateOptions options(boolean keepLog) {
    List<String> allLabels = new ArrayList<>();
    for (String file : labelFiles) {
      allLabels.addAll(TextFiles.entries(call(), "--label-file", file));
    }
    allLabels.addAll(labels);
    Map<String, String> pairs = pairs("--label", allLabels);
    pairs.forEach(
        (key, value) -> {
          if (value.isEmpty()) {
            throw EngineException.invalid(
                "--label %s has no value, and an empty label is none; write %s=1, for one"
                    .formatted(Identifiers.quote(key), key));
          }
        });
    return new CreateOptions(
        name,
        runtime,
        pairs,
        pairs("--annotation", annotations),
        root.options(call(), image),
        process.options(call(), command),
        storage.options(call()),
        namespaces.options(),
        network.options(),
        security.options(call()),
        devices.options(call()),
        resources.options(),
        life.options(call()).withHealth(health.options()),
        log.options(keepLog));
  }

  /** Asks the engine for the container, and writes its id into the file for it, if one is named. */
  final ContainerId create(Scope scope, CreateOptions options) throws IOException {
    PullPolicy policy = PullPolicy.parse(pull);
    Path idFile = life.reserveIdFile(call());
    try {
      if (policy == PullPolicy.ALWAYS && !root.folder) {
        pull(scope);
      }
      ContainerId id = created(scope, options, policy == PullPolicy.MISSING && !root.folder);
      if (idFile != null) {
        LifeArguments.writeIdFile(idFile, id.value());
      }
      return id;
    } catch (EngineException e) {
      if (idFile != null) {
        Files.deleteIfExists(idFile);
      }
      throw e;
    }
  }

  private ContainerId created(Scope scope, CreateOptions options, boolean mayPull) {
    try {
      return orGuess(
              Names.IMAGES,
              image,
              () -> services().containers().use(containers -> containers.create(scope, options)))
          .id();
    } catch (EngineException e) {
      if (!mayPull || e.kind() != ErrorKind.NOT_FOUND || isHere(scope)) {
        throw e;
      }
      try {
        pull(scope);
      } catch (EngineException alsoFailed) {
        if (alsoFailed.kind() == ErrorKind.CANCELLED) {
          throw alsoFailed;
        }
        throw new EngineException(
            e.kind(), e.getMessage() + "; nor could it be pulled: " + alsoFailed.getMessage(), e);
      }
      return services().containers().use(containers -> containers.create(scope, options)).id();
    }
  }

  private boolean isHere(Scope scope) {
    try {
      return services().images().use(images -> images.find(scope, image)) != null;
    } catch (EngineException e) {
      return e.kind() != ErrorKind.NOT_FOUND;
    }
  }

  private void pull(Scope scope) {
    ImageReference.parse(image);
    PullOptions options =
        new PullOptions(
            root.platform == null ? List.of() : List.of(Platform.parse(root.platform)),
            false,
            root.platform == null,
            root.snapshotter,
            null,
            Map.of(),
            registry.access(call()));
    try (TransferReport report = progress.transfer(call(), quiet)) {
      Image pulled =
          services()
              .transfers()
              .use(
                  reference -> true,
                  PATIENCE,
                  transfers -> transfers.pull(scope, image, options, report));
      assert pulled != null;
    }
  }
}
