package org.felucca.shim;

import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;

/**
 * Whose shim it is.
 *
 * @param namespace the namespace of the container
 * @param id the id of the container
 */
record Key(Namespace namespace, ContainerId id) {
  @Override
  public String toString() {
    return namespace + "/" + id;
  }
}
