package org.felucca.shell.verb;

import org.felucca.api.container.RootOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a container's root file system comes from. */
final class RootArguments {
  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      description = "where its root file system lives")
  @Nullable String snapshotter;

  @Option(names = "--read-only", description = "its root file system may only be read")
  boolean readOnly;

  RootOptions options(String image) {
    return new RootOptions(image, null, snapshotter, null, readOnly);
  }
}
