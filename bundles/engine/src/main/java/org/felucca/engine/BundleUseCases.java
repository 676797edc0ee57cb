package org.felucca.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Namespace;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CreateOptions;
import org.felucca.api.container.ProcessOptions;
import org.felucca.api.container.RootOptions;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.ContentService;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.diff.LayerService;
import org.felucca.api.image.Image;
import org.felucca.api.image.ImageService;
import org.felucca.api.image.Platform;
import org.felucca.api.image.ResolvedImage;
import org.felucca.api.snapshot.Mount;
import org.felucca.api.spec.BundleService;
import org.felucca.api.spec.SpecHost;
import org.felucca.api.spec.SpecRequest;
import org.felucca.api.spec.SpecService;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Bundles and specs for OCI runtimes that are run by hand. */
@Component
public final class BundleUseCases implements BundleService {
  private static final String CONFIG = "config.json";
  private static final String ROOTFS = "rootfs";

  /** What every runtime of these years takes. */
  private static final String VERSION = "1.0.2";

  /** An image config that says nothing. */
  private static final String NO_CONFIG =
      "{\"os\":\"linux\",\"architecture\":\"any\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}";

  private final EnginePaths paths;
  private final ImageService images;
  private final ContentService content;
  private final LayerService layers;
  private final SpecService specs;
  private final DiskThreads disk = new DiskThreads("felucca-engine-bundle", 2);

  /** With the parts below. */
  @Activate
  public BundleUseCases(
      BundleContext context,
      @Reference ImageService images,
      @Reference ContentService content,
      @Reference LayerService layers,
      @Reference SpecService specs) {
    this.paths = EnginePaths.of(context);
    this.images = images;
    this.content = content;
    this.layers = layers;
    this.specs = specs;
  }

  @Deactivate
  void close() {
    disk.close();
  }

  @Override
  public void make(Scope scope, CreateOptions options, Path folder, Progress progress) {
    Image image = images.find(scope, options.root().image());
    Platform platform = options.root().platform();
    ResolvedImage resolved =
        images.resolve(scope, image, platform == null ? Platform.host() : platform);
    if (resolved.layers().isEmpty()) {
      throw EngineException.precondition(
          "image %s has no layers, so nothing can run from it".formatted(image.name()));
    }
    SpecHost host = OptionChecks.check(options);
    specs.check(options, host);
    paths.refuseOwn(folder, "make a bundle");
    String attempted = "make bundle " + folder;
    boolean made = disk.run(attempted, () -> begin(folder));
    boolean done = false;
    try {
      Path rootfs = folder.resolve(ROOTFS);
      List<Mount> over = List.of(new Mount("bind", rootfs.toString(), "", List.of("rw", "rbind")));
      for (int i = 0; i < resolved.layers().size(); i++) {
        lay(scope, resolved.layers().get(i), resolved.diffIds().get(i), over, progress);
      }
      byte[] spec =
          specs.standalone(generate(scope, options, host, resolved.configJson(), rootfs), null);
      disk.run(attempted, () -> Files.write(folder.resolve(CONFIG), spec));
      done = true;
    } finally {
      if (!done) {
        undo(folder, made);
      }
    }
  }

  /** Makes the folders; answers whether the bundle's own was made. */
  private static boolean begin(Path folder) throws IOException {
    boolean made = !Files.exists(folder);
    if (made) {
      Path parent = folder.toAbsolutePath().getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw EngineException.notFound(
            "the folder %s is not there; make it first".formatted(parent));
      }
      Files.createDirectory(folder);
    } else if (!Files.isDirectory(folder)) {
      throw EngineException.precondition(folder + " is there and no folder; name another one");
    } else {
      try (Stream<Path> files = Files.list(folder)) {
        if (files.findAny().isPresent()) {
          throw EngineException.precondition(
              folder + " is not empty; name an empty folder, or one that is not there yet");
        }
      }
    }
    Files.createDirectory(
        folder.resolve(ROOTFS),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    return made;
  }

  private void undo(Path folder, boolean made) {
    boolean interrupted = Thread.interrupted();
    try {
      disk.run(
          "take away the unfinished bundle " + folder,
          () -> {
            FileTrees.delete(made ? folder : folder.resolve(ROOTFS));
            return true;
          });
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void lay(
      Scope scope, Descriptor layer, Digest diffId, List<Mount> over, Progress progress) {
    try (BlobReader reader = content.open(scope, layer.digest());
        InputStream stream = reader.stream(0)) {
      Digest found =
          layers
              .apply(stream, layer.mediaType(), over, layer.digest().toString(), progress)
              .diffId();
      if (!found.equals(diffId)) {
        throw new EngineException(
            ErrorKind.DATA_LOSS,
            "layer %s has contents of the digest %s, the image config says %s; 'felucca image check' says more"
                .formatted(layer.digest(), found, diffId));
      }
    } catch (IOException e) {
      throw EngineException.internal("read layer " + layer.digest() + ": " + e.getMessage(), e);
    }
  }

  private byte[] generate(
      Scope scope, CreateOptions options, SpecHost host, byte[] imageConfig, Path rootfs) {
    ContainerId id = new ContainerId("felucca");
    return specs.generate(
        new SpecRequest(
            scope.namespace(), id, options, imageConfig, rootfs, VERSION, host, List.of()));
  }

  @Override
  public void writeSpec(Path folder, boolean rootless) {
    Path file = folder.resolve(CONFIG);
    CreateOptions options =
        CreateOptions.of(
            RootOptions.ofImage("of the root file system"),
            ProcessOptions.of(List.of("sh")).withStreams(true, true));
    disk.run(
        "write " + file,
        () -> {
          if (!Files.isDirectory(folder)) {
            throw EngineException.notFound(
                "the folder %s is not there; make it first".formatted(folder));
          }
          SpecService.@Nullable Owner owner = rootless ? owner(folder) : null;
          // There may be no root file system yet, and root needs none to be known.
          byte[] spec =
              specs.standalone(
                  generate(
                      Scope.of(Namespace.DEFAULT),
                      options,
                      SpecHost.plain(HostCgroups.unified()),
                      NO_CONFIG.getBytes(StandardCharsets.US_ASCII),
                      folder),
                  owner);
          write(file, spec, owner);
          return true;
        });
  }

  private static SpecService.Owner owner(Path folder) throws IOException {
    int uid = (int) Files.getAttribute(folder, "unix:uid");
    int gid = (int) Files.getAttribute(folder, "unix:gid");
    if (uid == 0) {
      throw EngineException.precondition(
          "%s belongs to root, and a rootless container is for the owner of its folder; give the folder to the user who shall run it (chown), or leave --rootless out"
              .formatted(folder));
    }
    return new SpecService.Owner(uid, gid);
  }

  private static void write(Path file, byte[] spec, SpecService.@Nullable Owner owner)
      throws IOException {
    try {
      Files.write(file, spec, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new EngineException(
          ErrorKind.ALREADY_EXISTS, file + " is there already; remove it first", e);
    }
    if (owner != null) {
      Files.setAttribute(file, "unix:uid", (int) owner.uid());
      Files.setAttribute(file, "unix:gid", (int) owner.gid());
    }
  }
}
