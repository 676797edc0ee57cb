package org.felucca.shell.verb;

import org.felucca.api.EngineException;
import org.felucca.api.container.RootOptions;
import org.felucca.api.image.Platform;
import org.felucca.shell.session.Call;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a container's root file system comes from. */
final class RootArguments {
  @Option(names = "--rootfs", description = "IMAGE is a folder: the root file system itself")
  boolean folder;

  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where its root file system lives")
  @Nullable String snapshotter;

  @Option(
      names = "--platform",
      paramLabel = "OS/PROCESSOR",
      description = "which of the image's variants, such as linux/arm64")
  @Nullable String platform;

  @Option(names = "--read-only", description = "its root file system may only be read")
  boolean readOnly;

  RootOptions options(Call call, String image) {
    return new RootOptions(
        folder ? "" : image, folder ? call.path(image) : null, snapshotter, platform(), readOnly);
  }

  private @Nullable Platform platform() {
    try {
      return platform == null ? null : Platform.parse(platform);
    } catch (EngineException e) {
      throw e.during("--platform");
    }
  }
}
