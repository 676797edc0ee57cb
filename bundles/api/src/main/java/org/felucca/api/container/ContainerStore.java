package org.felucca.api.container;

import java.util.List;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** The container records of each namespace. */
@ProviderType
public interface ContainerStore {
  /**
   * Keeps a new record; its times are set by the store.
   *
   * @return the record as stored
   * @throws EngineException ALREADY_EXISTS for a taken id or a taken {@link
   *     ContainerRecord#NAME_LABEL}; INVALID_ARGUMENT for oversized labels
   */
  ContainerRecord create(Scope scope, ContainerRecord container);

  /**
   * Changes a record.
   *
   * @param paths which fields: {@code labels}, {@code labels.<key>}, {@code spec}, {@code
   *     extensions}, {@code extensions.<key>}, {@code image}, {@code snapshot_key}; empty replaces
   *     all of these
   * @throws EngineException NOT_FOUND; INVALID_ARGUMENT for an unknown path or a field that may not
   *     change
   */
  ContainerRecord update(Scope scope, ContainerRecord container, Set<String> paths);

  /** The record; NOT_FOUND. */
  ContainerRecord get(Scope scope, ContainerId id);

  /** The records that match one of the filters, or all, the oldest first. */
  List<ContainerRecord> list(Scope scope, List<String> filters);

  /** As {@link #list}, but with no spec in any record: specs are long, and most lists show none. */
  List<ContainerRecord> listWithoutSpecs(Scope scope, List<String> filters);

  /** Removes a record; NOT_FOUND. */
  void delete(Scope scope, ContainerId id);
}
