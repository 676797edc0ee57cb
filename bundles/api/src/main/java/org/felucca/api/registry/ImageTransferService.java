package org.felucca.api.registry;

import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.felucca.api.image.Image;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Images from and to registries.
 *
 * <p>Progress items are an image's full name and the digests of its blobs. States of a pull are
 * {@code resolving}, {@code resolved}, {@code verifying} of the name, and {@code waiting}, {@code
 * downloading}, {@code downloaded} or {@code exists}, {@code unpacking}, {@code unpacked} of a
 * blob; those of a push {@code waiting}, {@code pushing}, and {@code pushed}, {@code mounted} or
 * {@code exists}. A {@code retrying} may come at any time. The last state of the name is {@code
 * done}.
 */
@ProviderType
public interface ImageTransferService {
  /**
   * Pulls an image and lays out what fits this machine, several layers at once. What is here
   * already is not asked for; a blob or a layer that several pulls want comes once. After a failure
   * or an interrupt nothing is named or half laid out, and the next pull goes on with the bytes
   * that came.
   *
   * @param name as people write it; with a digest, that counts
   * @return the image, under the name's full form
   * @throws EngineException as {@link RegistryClient} has them; FAILED_PRECONDITION if there is no
   *     such platform, and which there are; PERMISSION_DENIED if a verifier refuses it
   */
  Image pull(Scope scope, String name, PullOptions options, Progress progress);

  /**
   * Pushes an image, every blob that the registry lacks.
   *
   * @param image as {@link org.felucca.api.image.ImageService#find} takes it
   * @param target the name in the registry as people write it
   * @return what the target stands for now
   * @throws EngineException as {@link RegistryClient} has them; NOT_FOUND if a blob of a wanted
   *     platform is not here
   */
  Descriptor push(Scope scope, String image, String target, PushOptions options, Progress progress);
}
