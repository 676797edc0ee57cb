package org.felucca.api.image;

import org.felucca.api.EngineException;
import org.felucca.api.content.Descriptor;
import org.felucca.api.registry.RegistryAccess;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The image verifier extension point: says whether an image that is being pulled may be used here.
 * Published with the service property {@value #NAME}; every verifier that is there is asked, before
 * anything of the image is laid out, and one that refuses or fails ends the pull. Those that the
 * engine's configuration names must be there.
 */
@ConsumerType
public interface ImageVerifier {
  /** The service property with the name by which the configuration knows it. */
  String NAME = "felucca.image.verifier";

  /**
   * What a verifier says.
   *
   * @param accepted whether the image may be used
   * @param reason why, for people
   */
  record Judgement(boolean accepted, String reason) {}

  /**
   * Judges an image. Can be a long running process; an interrupt ends it.
   *
   * @param name the name that is pulled
   * @param target what it stands for: media type, digest and length
   * @param access how its registry is reached
   * @throws EngineException if it can't tell, which counts as a refusal
   */
  Judgement verify(ImageReference name, Descriptor target, RegistryAccess access);
}
