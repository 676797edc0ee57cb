package org.felucca.api.sandbox;

import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** The sandbox records of each namespace. */
@ProviderType
public interface SandboxStore {
  /**
   * Keeps a new record; its times are set by the store.
   *
   * @return the record as stored
   * @throws EngineException ALREADY_EXISTS; INVALID_ARGUMENT for oversized labels
   */
  Sandbox create(Scope scope, Sandbox sandbox);

  /**
   * Changes a record.
   *
   * @param paths which fields: {@code labels}, {@code labels.<key>}, {@code extensions}, {@code
   *     extensions.<key>}, {@code spec}, {@code runtime}; empty replaces all of these
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT for an unknown path, or for another name of
   *     the runtime where no path says that it changes
   */
  Sandbox update(Scope scope, Sandbox sandbox, Set<String> paths);

  /** The record; NOT_FOUND. */
  Sandbox get(Scope scope, String id);

  /** The records that match one of the filters, or all, by id. */
  List<Sandbox> list(Scope scope, List<String> filters);

  /** Removes a record; NOT_FOUND. */
  void delete(Scope scope, String id);
}
