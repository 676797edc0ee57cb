package org.felucca.engine;

import org.felucca.api.Namespace;
import org.felucca.api.container.ContainerId;

/** Which container. */
record TaskKey(Namespace namespace, ContainerId id) {
  @Override
  public String toString() {
    return namespace + "/" + id;
  }
}
