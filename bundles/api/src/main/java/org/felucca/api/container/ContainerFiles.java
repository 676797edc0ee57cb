package org.felucca.api.container;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.diff.Change;
import org.felucca.api.diff.FileFacts;
import org.felucca.api.image.Image;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What people do with the files of containers. A running container is seen with its mounts, as it
 * sees itself; one that does not run with those of its bind mounts whose places are there. No link
 * in a container leads out of it.
 */
@ProviderType
public interface ContainerFiles {
  /**
   * Says what is not as in the image, in the order of paths.
   *
   * @throws EngineException FAILED_PRECONDITION if the container is not of an image
   */
  void changes(Scope scope, ContainerId id, Consumer<Change> sink);

  /** Writes the root file system, without what is mounted in it, as a tar archive. */
  void export(Scope scope, ContainerId id, OutputStream tar);

  /** What is at a path of a container; a link itself. */
  Optional<FileFacts> stat(Scope scope, ContainerId id, String path);

  /**
   * Writes a file or a folder of a container as a tar archive, whose entries begin with its name.
   *
   * @throws EngineException NOT_FOUND
   */
  void read(Scope scope, ContainerId id, String path, CopyOptions options, OutputStream tar);

  /**
   * Lays a tar archive, plain or compressed, out in a folder of a container.
   *
   * @throws EngineException as {@link org.felucca.api.diff.TreeArchives#unpack}
   */
  void write(Scope scope, ContainerId id, String folder, CopyOptions options, InputStream tar);

  /**
   * Copies a file or folder of a container to this machine, as docker does it: into a folder that
   * is there, else under the name that is given; a source that ends with {@code /.} stands for what
   * is in it.
   */
  void copyOut(Scope scope, ContainerId id, String path, String here, CopyOptions options);

  /**
   * Copies a file or folder of this machine into a container; as {@link #copyOut}.
   *
   * @param here absolute; a string, since {@code /.} and {@code /} at its end matter
   */
  void copyIn(Scope scope, ContainerId id, String here, String path, CopyOptions options);

  /**
   * Makes an image of a container: its image, and a layer of what is not as in that.
   *
   * @throws EngineException INVALID_ARGUMENT for a change, and which
   */
  Image commit(Scope scope, ContainerId id, CommitOptions options, Progress progress);
}
