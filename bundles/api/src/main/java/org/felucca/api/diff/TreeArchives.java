package org.felucca.api.diff;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.snapshot.Mount;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Parts of file systems as tar archives, through the one extractor and its inverse. A tree is given
 * by its mounts; a bind mount of a folder is that folder. Paths are walked with the tree as root:
 * no link in it leads out of it, whoever changes it meanwhile.
 */
@ProviderType
public interface TreeArchives {
  /**
   * A place in a tree.
   *
   * @param tree how it is mounted; unmodifiable
   * @param path the path in it
   */
  record Place(List<Mount> tree, String path) {
    /** Copies the mounts. */
    public Place {
      tree = List.copyOf(tree);
    }

    /** A folder of this machine, as a tree of its own. */
    public static Place of(String folder) {
      return new Place(List.of(new Mount("bind", folder, "", List.of("rbind"))), "/");
    }
  }

  /**
   * Whose the files are that are laid out.
   *
   * @param uid the user's number
   * @param gid the group's number
   */
  record Owner(long uid, long gid) {}

  /**
   * Says what differs between two states of a tree, in the order of paths, folders before what is
   * in them.
   *
   * @param lower the mounts of the state before
   * @param upper the mounts of the state after; never written to
   */
  void changes(List<Mount> lower, List<Mount> upper, Consumer<Change> sink);

  /**
   * What is at a place; a link itself, not what it names. Empty if nothing is there.
   *
   * @throws EngineException INVALID_ARGUMENT if the path leads through something that is no folder
   */
  Optional<FileFacts> stat(Place place);

  /**
   * Writes a file, or a folder with all that is in it, as a tar archive. A link at the place is
   * written as such unless the path ends with a slash.
   *
   * @param name what the entry of the place is called; empty to write only what is in the folder
   * @throws EngineException NOT_FOUND
   */
  void pack(Place place, String name, OutputStream tar);

  /**
   * Lays an archive out in a folder that is there. What has the name of an entry already goes, but
   * nothing turns a folder into something else or the other way round.
   *
   * @param tar plain or compressed by gzip or zstd; read to its end
   * @param owner who gets the files; null for those whom the archive names
   * @throws EngineException NOT_FOUND for the folder; INVALID_ARGUMENT for a bad archive;
   *     FAILED_PRECONDITION where a folder is in the way; RESOURCE_EXHAUSTED for a full disk
   */
  void unpack(InputStream tar, Place folder, @Nullable Owner owner);

  /** {@link #pack} and {@link #unpack} at once. */
  void copy(Place from, String name, Place folder, @Nullable Owner owner);
}
