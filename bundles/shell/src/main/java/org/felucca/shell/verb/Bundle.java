package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.api.Scope;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.LifeOptions;
import org.felucca.api.container.LogOptions;
import org.felucca.api.container.NamespaceOptions;
import org.felucca.api.container.RootOptions;
import org.felucca.api.image.Platform;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lays an image out as an OCI bundle. */
final class Bundle extends Verb {
  @ArgGroup(validate = false, order = 10, heading = "%nIts program%n")
  FirstProcessArguments process = new FirstProcessArguments();

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of the image's variants (else this machine's)")
  @Nullable String platform;

  @Option(names = "--read-only", description = "its root file system may only be read")
  boolean readOnly;

  @ArgGroup(validate = false, order = 40, heading = "%nMounts and volumes%n")
  StorageArguments storage = new StorageArguments();

  @ArgGroup(validate = false, order = 50, heading = "%nNames and network%n")
  NetworkArguments network = new NetworkArguments();

  @ArgGroup(validate = false, order = 80, heading = "%nDevices%n")
  DeviceArguments devices = new DeviceArguments();

  @ArgGroup(validate = false, order = 60, heading = "%nLimits%n")
  ResourceArguments resources = new ResourceArguments();

  @ArgGroup(validate = false, order = 70, heading = "%nRights%n")
  SecurityArguments security = new SecurityArguments();

  @Mixin ProgressOptions progress = new ProgressOptions();

  @Parameters(index = "0", paramLabel = "IMAGE", description = "the image")
  String image = "";

  @Parameters(
      index = "1",
      paramLabel = "FOLDER",
      description = "where config.json and rootfs/ go; made unless it is there and empty")
  String folder = "";

  @Parameters(
      index = "2..*",
      arity = "0..*",
      paramLabel = "COMMAND",
      description = "the program and its arguments (else the image's)")
  List<String> command = new ArrayList<>();

  @Override
  protected boolean stopsAtArgument() {
    return true;
  }

  @Override
  protected void run() {
    Scope scope = scope();
    String name = image(image).name();
    Path target = call().path(folder);
    CreateOptions options =
        new CreateOptions(
            null,
            null,
            Map.of(),
            Map.of(),
            new RootOptions(
                name, null, null, platform == null ? null : Platform.parse(platform), readOnly),
            process.options(call(), command),
            storage.options(call()),
            NamespaceOptions.PRIVATE,
            network.options(),
            security.options(call()),
            devices.options(call()),
            resources.options(),
            LifeOptions.DEFAULT,
            LogOptions.KEPT);
    try (ProgressReport report = progress.begin(call(), false)) {
      services()
          .bundles()
          .use(
              bundles -> {
                bundles.make(scope, options, target, report);
                return true;
              });
    }
    say(target.toString());
  }

  @Override
  protected Names names(int argument) {
    return argument == 0 ? Names.IMAGES : argument == 1 ? Names.FILES : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca bundle busybox box && runc run --bundle box mybox   # no engine is needed",
        "felucca bundle -t busybox box sh");
  }
}
