package org.felucca.api.volume;

import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** The volumes of each namespace. */
@ProviderType
public interface VolumeService {
  /**
   * Makes a volume; one of this name that is there already stays as it is.
   *
   * @param name its name, or null to make one up
   * @param labels of a new one
   * @throws EngineException INVALID_ARGUMENT for a name of another grammar
   */
  Volume create(Scope scope, @Nullable String name, Map<String, String> labels);

  /** A volume; NOT_FOUND. */
  Volume get(Scope scope, String name);

  /** All volumes, by name. */
  List<Volume> list(Scope scope);

  /**
   * Removes a volume with all that is in it. Long running for a large one.
   *
   * @throws EngineException NOT_FOUND; FAILED_PRECONDITION if a container mounts it
   */
  void remove(Scope scope, String name);

  /**
   * Removes those of these that no container mounts and whose name is made up; what is not there is
   * passed over.
   *
   * @return the names of those that were removed
   */
  List<String> release(Scope scope, List<String> names);

  /**
   * Removes what no container mounts.
   *
   * @param named also those with a name of their own
   * @return those that were removed
   */
  List<Volume> prune(Scope scope, boolean named);
}
