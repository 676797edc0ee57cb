package org.felucca.runtime.oci;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.felucca.api.runtime.ShimFinder;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Looks where runtimes are looked for. */
@Component
public final class ForeignShims implements ShimFinder {
  /** The last two parts of a name are the binary's. */
  private static final Pattern NAME =
      Pattern.compile("(?:[A-Za-z0-9_-]+\\.)+([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)");

  private final List<Path> folders;

  /** Looks in the PATH and where distributions put programs. */
  @Activate
  public ForeignShims(BundleContext context) {
    this(RuntimeFactory.folders(System.getenv("PATH"), context.getProperty("felucca.home")));
  }

  ForeignShims(List<Path> folders) {
    this.folders = folders;
  }

  @Override
  public Optional<Path> find(String runtime) {
    if (runtime.startsWith("/")) {
      try {
        Path path = Path.of(runtime);
        return Binaries.executable(path)
            ? Optional.of(Binaries.trusted("shim", path))
            : Optional.empty();
      } catch (InvalidPathException e) {
        return Optional.empty();
      }
    }
    Matcher name = NAME.matcher(runtime);
    if (!name.matches()) {
      return Optional.empty();
    }
    String binary = "containerd-shim-" + name.group(1) + "-" + name.group(2);
    return folders.stream()
        .map(folder -> folder.resolve(binary))
        .filter(Binaries::executable)
        .findFirst()
        .map(path -> Binaries.trusted("shim", path));
  }
}
