package org.felucca.api.registry;

import java.io.InputStream;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.content.BlobReader;
import org.felucca.api.content.Descriptor;
import org.felucca.api.content.Digest;
import org.felucca.api.image.ImageReference;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Speaks with registries. Every method can be a long running process, has deadlines, tries again
 * what may succeed the next time, and fails with
 *
 * <ul>
 *   <li>NOT_FOUND if the registry does not have it;
 *   <li>PERMISSION_DENIED if it wants other credentials, or none will do;
 *   <li>UNAVAILABLE if it can't be reached, breaks off again and again or has too much to do;
 *   <li>FAILED_PRECONDITION if its certificate is not trusted;
 *   <li>DATA_LOSS if what it sends is not what the digest says;
 *   <li>INVALID_ARGUMENT if its answer makes no sense, RESOURCE_EXHAUSTED if it is too long;
 *   <li>CANCELLED within a second of an interrupt.
 * </ul>
 *
 * <p>Of a name, the digest counts where it has one, else the tag.
 */
@ProviderType
public interface RegistryClient {
  /**
   * What a name stands for in its registry now. Reads no more than headers where the registry sends
   * enough of them.
   *
   * @return media type, digest and length of a manifest or an index
   */
  Descriptor resolve(ImageReference name, RegistryAccess access);

  /**
   * A manifest or an index, compared with its digest and length.
   *
   * @param repository the name whose registry and repository it is in
   */
  byte[] manifest(ImageReference repository, Descriptor manifest, RegistryAccess access);

  /**
   * A blob. What breaks off is resumed where it broke; several ranges of a large one are fetched at
   * once if the registry allows. The bytes are not compared with the digest. A virtual thread may
   * read it; an interrupt of the reader ends it.
   *
   * @param repository the name whose registry and repository it is in
   * @param offset where to begin; what is there already need not come again
   * @return exactly as many bytes as are left, or reading fails; the caller closes it
   */
  InputStream blob(ImageReference repository, Descriptor blob, long offset, RegistryAccess access);

  /**
   * Puts a blob into a repository, unless it is there.
   *
   * @param bytes the blob
   * @param sources repositories of the same registry that may have it, from which it is mounted
   * @param progress told as of {@link ImageTransferService#push}
   */
  void pushBlob(
      ImageReference repository,
      Descriptor blob,
      BlobReader bytes,
      List<ImageReference> sources,
      RegistryAccess access,
      Progress progress);

  /**
   * Puts a manifest or an index into a repository, under the name's tag if it has one. All that it
   * names is there already.
   */
  void pushManifest(ImageReference name, Descriptor manifest, byte[] bytes, RegistryAccess access);

  /**
   * The manifests that are attached to another one: signatures, attestations and the like. Of a
   * registry that does not list them, those of the tag that stands in for the list.
   *
   * @param artifactType only those of this type, or null
   */
  List<Descriptor> referrers(
      ImageReference repository,
      Digest subject,
      @Nullable String artifactType,
      RegistryAccess access);

  /** The tags of a repository, in the registry's order. */
  List<String> tags(ImageReference repository, RegistryAccess access);

  /**
   * The repositories of a registry, where it lists them.
   *
   * @param registry host and perhaps port
   */
  List<String> repositories(String registry, RegistryAccess access);

  /**
   * Deletes a manifest by its digest, or a tag.
   *
   * @throws EngineException also UNIMPLEMENTED if the registry deletes nothing
   */
  void delete(ImageReference name, RegistryAccess access);
}
