package org.felucca.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.content.Digest;
import org.felucca.api.snapshot.Mount;
import org.felucca.linux.Descriptor;
import org.felucca.linux.Dir;
import org.felucca.linux.Errno;
import org.felucca.linux.FileData;
import org.felucca.linux.FileType;
import org.felucca.linux.LinuxException;
import org.felucca.linux.OpenFlags;
import org.jspecify.annotations.Nullable;

/**
 * The files that name the users of an image, copied once: a new container has them as its image
 * has, and mounting its root file system for a look at them takes longer than all else that is done
 * for a spec. A container of an image whose files are unusual is looked into itself.
 */
final class ImageUsers {
  private static final Logger LOG = Logger.getLogger(ImageUsers.class.getName());
  private static final List<String> FILES = List.of("passwd", "group");
  private static final int LONGEST = 64 << 10;
  private static final int MOST = 64;

  private final Path folder;

  /** Empty for an image whose files are not copied. */
  private final Map<Digest, Optional<Path>> copies = new ConcurrentHashMap<>();

  /**
   * @param folder where copies are kept; what an engine before this one left there is deleted
   */
  ImageUsers(Path folder) {
    this.folder = folder;
    FileTrees.delete(folder);
  }

  /**
   * A folder with the image's {@code etc/passwd} and {@code etc/group}, as far as it has them.
   *
   * @param manifest tells the image
   * @param root the mounts of a new root file system of the image
   * @return null if the root file system itself must be looked at
   */
  @Nullable Path of(Digest manifest, List<Mount> root) {
    Optional<Path> known = copies.get(manifest);
    return known == null ? copyOnce(manifest, root) : known.orElse(null);
  }

  /** One at a time: nobody reads a file that another one is just writing. */
  private synchronized @Nullable Path copyOnce(Digest manifest, List<Mount> root) {
    Optional<Path> known = copies.get(manifest);
    if (known == null) {
      if (copies.size() >= MOST) {
        return null;
      }
      known = RootfsView.with(root, view -> copy(manifest, view));
      copies.put(manifest, known);
    }
    return known.orElse(null);
  }

  private Optional<Path> copy(Digest manifest, Path view) {
    Path copy = folder.resolve(manifest.hex());
    try (Dir root = Dir.open(view.toString())) {
      Path etc = FileTrees.make(copy.resolve("etc"));
      for (String name : FILES) {
        byte[] bytes = read(root, "etc/" + name);
        if (bytes != null) {
          Files.write(etc.resolve(name), bytes);
        }
      }
      return Optional.of(copy);
    } catch (IOException | LinuxException | UnusualException e) {
      LOG.log(Level.FINE, "users of an image not copied manifest=" + manifest, e);
      return Optional.empty();
    }
  }

  private static final class UnusualException extends Exception {
    private static final long serialVersionUID = 1;

    UnusualException(String message) {
      super(message);
    }
  }

  /** A small regular file below a root; null if there is none. */
  private static byte @Nullable [] read(Dir root, String path) throws UnusualException {
    Descriptor named;
    try {
      named = root.openInRoot(path, OpenFlags.O_PATH, 0);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR)) {
        return null;
      }
      throw e;
    }
    // Looked at before it is opened: opening a device acts on its driver, opening a fifo blocks.
    try (named) {
      if (named.stat().type() != FileType.REGULAR) {
        throw new UnusualException(path + " is not a regular file");
      }
      try (Descriptor file = named.reopen(OpenFlags.O_RDONLY)) {
        ByteBuffer buffer = ByteBuffer.allocate(LONGEST + 1);
        while (FileData.read(file, buffer) > 0) {
          if (!buffer.hasRemaining()) {
            throw new UnusualException(path + " is long");
          }
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
      }
    }
  }
}
