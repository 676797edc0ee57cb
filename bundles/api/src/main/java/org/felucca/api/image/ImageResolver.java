package org.felucca.api.image;

import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.content.Descriptor;
import org.osgi.annotation.versioning.ProviderType;

/** Follows a descriptor to the image of one platform. */
@ProviderType
public interface ImageResolver {
  /**
   * Reads manifest and config.
   *
   * @param target a manifest or an index, nested at most a few times
   * @param platform what it shall run on
   * @throws EngineException NOT_FOUND if a blob is missing; INVALID_ARGUMENT if a document is
   *     malformed, is of an unknown media type or claims to be two things; FAILED_PRECONDITION if
   *     there is no such platform, and which there are
   */
  ResolvedImage resolve(Scope scope, Descriptor target, Platform platform);
}
