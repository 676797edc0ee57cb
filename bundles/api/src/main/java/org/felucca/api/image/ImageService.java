package org.felucca.api.image;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.Digest;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** What people do with images. */
@ProviderType
public interface ImageService {
  /**
   * Imports an archive from a stream and unpacks what fits this machine; see {@link
   * ImageArchives#importStream}.
   */
  List<Image> importStream(
      Scope scope, InputStream archive, ImportOptions options, Progress progress);

  /** Imports an archive or a layout folder and unpacks what fits this machine. */
  List<Image> importPath(Scope scope, Path archive, ImportOptions options, Progress progress);

  /**
   * Finds the image that a user means: a full name, a short name, or an unambiguous beginning of
   * its digest.
   *
   * @throws EngineException NOT_FOUND, with the next step; INVALID_ARGUMENT if several fit
   */
  Image find(Scope scope, String text);

  /** The images of the namespace by name, those that match a filter or all. */
  List<Image> list(Scope scope, List<String> filters);

  /**
   * Gives an image another name as well; takes over a name that is there if {@code force}.
   *
   * @throws EngineException NOT_FOUND; ALREADY_EXISTS
   */
  Image tag(Scope scope, String source, String target, boolean force);

  /**
   * Takes a name away and nothing else. An image that had only this one goes on under its digest.
   *
   * @param name as people write it, but no digest
   * @return the image
   * @throws EngineException NOT_FOUND
   */
  Image untag(Scope scope, String name);

  /**
   * Takes names away, and with the last name of an image what only it used.
   *
   * @return the removed image
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if a container uses it and not {@code
   *     force}
   */
  Image remove(Scope scope, String text, boolean force);

  /** Reads manifest and config of one platform; see {@link ImageResolver#resolve}. */
  ResolvedImage resolve(Scope scope, Image image, Platform platform);

  /**
   * Lays an image's layers out into committed snapshots, those that are not there yet. The same
   * layer is never laid out twice at once.
   *
   * @param snapshotter the name of a snapshotter, or null for the default
   * @return the name of the topmost snapshot: the chain id
   * @throws EngineException DATA_LOSS if a layer is not what its diffID says; INVALID_ARGUMENT for
   *     a bad layer; RESOURCE_EXHAUSTED for a full disk; nothing half-done stays
   */
  Digest unpack(Scope scope, ResolvedImage image, @Nullable String snapshotter, Progress progress);

  /** Bytes of all blobs of the image that are there, its snapshots not counted. */
  long size(Scope scope, Image image);
}
