package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** Writes a default config.json. */
final class Spec extends Verb {
  @Option(
      names = {"-b", "--bundle"},
      paramLabel = "FOLDER",
      description = "where it goes (else the current folder)")
  String folder = ".";

  @Option(
      names = "--rootless",
      description = "for the owner of the folder, who is not root: with a user namespace")
  boolean rootless;

  @Override
  protected void run() {
    Path target = call().path(folder);
    services()
        .bundles()
        .use(
            bundles -> {
              bundles.writeSpec(target, rootless);
              return true;
            });
  }

  @Override
  protected String[] footer() {
    return new String[] {
      "",
      "It runs sh on a terminal in the root file system rootfs/ beside it, shielded as felucca run does it."
    };
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca spec && runc run mybox   # in a folder with rootfs/",
        "felucca spec --rootless --bundle /home/me/box");
  }
}
