package org.felucca.linux;

import static org.felucca.linux.OpenFlags.O_DIRECTORY;
import static org.felucca.linux.OpenFlags.O_RDONLY;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * File systems that are mounted nowhere: only the holder of this object reaches them, and they
 * vanish with it, or with the process however that ends. They are put together in a mount namespace
 * that lives for a moment, so everything that {@link Mounts#mount} can do is possible on every
 * kernel, long lists of overlay layers too. Needs Linux 5.12. Making one holds the carrier thread
 * for a millisecond or a few.
 */
public final class PrivateMount implements AutoCloseable {
  private static final int CLONE_NEWNS = 0x20000;
  // Exists on every machine, and nobody but the thread in the passing namespace sees it covered.
  private static final String STAGE = "/sys";

  private final DetachedMount mount;
  private final Dir root;

  /**
   * One of the mounts, in the words of {@link Mounts#mount}.
   *
   * @param target relative to the root of the first one; empty for that root
   */
  public record Part(String type, String source, String target, List<String> options) {
    public Part {
      options = List.copyOf(options);
    }
  }

  private PrivateMount(DetachedMount mount, Dir root) {
    this.mount = mount;
    this.root = root;
  }

  /**
   * Mounts.
   *
   * @param parts one at least; later ones go over earlier ones
   * @throws LinuxException as {@link Mounts#mount}; nothing is left then
   */
  public static PrivateMount of(List<Part> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("no mounts");
    }
    DetachedMount[] made = new DetachedMount[1];
    inNamespace(parts, () -> made[0] = DetachedMount.bind(STAGE, true));
    try {
      return new PrivateMount(made[0], Dir.of(made[0].descriptor().reopen(O_RDONLY | O_DIRECTORY)));
    } catch (LinuxException e) {
      made[0].close();
      throw e;
    }
  }

  /**
   * Does something where the mounts can be reached by a path: in the namespace, while it lives.
   * Programs that the work starts see the path as well, and nobody else does.
   *
   * @param work gets the path; runs in a thread of its own, which an interrupt of the caller
   *     interrupts
   * @throws LinuxException as {@link Mounts#mount}
   */
  public static void with(List<Part> parts, Consumer<String> work) {
    inNamespace(parts, () -> work.accept(STAGE));
  }

  private static void inNamespace(List<Part> parts, Runnable work) {
    RuntimeException[] failed = new RuntimeException[1];
    Mounts.inThread(
        () -> {
          try {
            Kernel.call("unshare", "CLONE_NEWNS", () -> Libc.unshare(CLONE_NEWNS));
            // As a slave the copy lets go of what is unmounted outside meanwhile.
            Mounts.setPropagation("/", MountOptions.MS_SLAVE | MountOptions.MS_REC);
            for (Part part : parts) {
              mount(part);
            }
            work.run();
          } catch (RuntimeException e) {
            failed[0] = e;
          }
        });
    @Nullable RuntimeException failure = failed[0];
    if (failure != null) {
      throw failure;
    }
  }

  private static void mount(Part part) {
    if (part.target().isEmpty()) {
      Mounts.mount(part.type(), part.source(), STAGE, part.options());
      return;
    }
    try (Dir stage = Dir.open(STAGE);
        Descriptor target = stage.openInRoot(part.target(), OpenFlags.O_PATH, 0)) {
      Mounts.mount(part.type(), part.source(), target.procPath(), part.options());
    }
  }

  /** The folder in which it can be reached, owned by this object. */
  public Dir root() {
    return root;
  }

  @Override
  public void close() {
    root.close();
    mount.close();
  }
}
