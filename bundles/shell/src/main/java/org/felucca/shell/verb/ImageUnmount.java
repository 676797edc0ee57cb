package org.felucca.shell.verb;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.image.MountedImage;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes mounted images out of their folders. */
final class ImageUnmount extends Verb {
  @Option(
      names = {"-a", "--all"},
      description = "all of this namespace")
  boolean all;

  @Option(
      names = {"-f", "--force"},
      description = "also while somebody works there; open files stay open")
  boolean force;

  @Parameters(
      arity = "0..*",
      paramLabel = "FOLDER|IMAGE",
      description = "the folder, or an image for every folder that shows it")
  List<String> arguments = new ArrayList<>();

  @Override
  protected void run() throws Exception {
    if (all == !arguments.isEmpty()) {
      throw EngineException.invalid("image umount: name folders or images, or use --all");
    }
    Scope scope = scope();
    List<MountedImage> mounted = services().mounts().use(mounts -> mounts.list(scope));
    if (all) {
      forEach(
          mounted.stream().map(one -> one.folder().toString()).toList(),
          folder -> unmount(scope, Path.of(folder)));
      return;
    }
    forEach(
        arguments,
        text -> {
          List<MountedImage> byName =
              mounted.stream()
                  .filter(
                      one ->
                          one.image().equals(text)
                              || ContainerRow.familiar(one.image()).equals(text))
                  .toList();
          Path folder = call().path(text);
          if (byName.isEmpty() || mounted.stream().anyMatch(one -> one.folder().equals(folder))) {
            unmount(scope, folder);
          } else {
            byName.forEach(one -> unmount(scope, one.folder()));
          }
        });
  }

  private void unmount(Scope scope, Path folder) {
    services()
        .mounts()
        .use(
            mounts -> {
              mounts.unmount(scope, folder, force);
              return true;
            });
    say(folder.toString());
  }

  @Override
  protected Names names() {
    return Names.FILES;
  }

  @Override
  protected List<String> examples() {
    return List.of("felucca image umount /mnt", "felucca image umount --all");
  }
}
