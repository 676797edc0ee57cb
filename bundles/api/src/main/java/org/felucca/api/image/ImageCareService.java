package org.felucca.api.image;

import java.util.List;
import java.util.function.Predicate;
import org.felucca.api.EngineException;
import org.felucca.api.Progress;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** Keeping images in order: taking away what nobody uses, and looking for damage. */
@ProviderType
public interface ImageCareService {
  /**
   * The images that a prune would take: those that have no name but their digest, or all that no
   * container uses.
   *
   * @param all whether named ones count
   */
  List<Image> unused(Scope scope, boolean all);

  /**
   * Takes unused images away, and all else that nothing refers to.
   *
   * @param all whether named ones count
   * @param wanted which of them
   */
  Pruned prune(Scope scope, boolean all, Predicate<Image> wanted);

  /**
   * Reads every blob of an image that is here and compares it with its digest, then unpacks the
   * layers again and compares that with what lies unpacked, file by file. A long running process.
   *
   * @param snapshots whether what lies unpacked is looked at
   * @throws EngineException RESOURCE_EXHAUSTED if there is no room to unpack; CANCELLED
   */
  ImageCheck check(Scope scope, Image image, boolean snapshots, Progress progress);
}
