package org.felucca.metadata;

import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;
import org.felucca.api.lease.LeasedResource;

/** The rows that tie leases and resources together, as part of other changes. */
final class LeasedRows {

  static final String CONTENT = "content";
  static final String INGESTS = "ingests";
  static final String IMAGES = "images";
  static final String SNAPSHOTS = "snapshots/";

  private LeasedRows() {}

  /**
   * Adds a resource to the lease of a call, if it has one.
   *
   * @return whether it has
   * @throws EngineException NOT_FOUND if there is no such lease
   */
  static boolean add(Transaction t, Scope scope, String type, String id) {
    if (scope.lease().isEmpty()) {
      return false;
    }
    add(t, scope.namespace(), scope.lease().get(), new LeasedResource(type, id));
    return true;
  }

  static void add(Transaction t, Namespace namespace, String lease, LeasedResource resource) {
    require(t.sql(), namespace, lease);
    t.sql()
        .update(
            "INSERT OR IGNORE INTO leased VALUES (?, ?, ?, ?)",
            namespace,
            lease,
            resource.type(),
            resource.id());
  }

  static void require(Sql sql, Namespace namespace, String lease) {
    if (sql.number("SELECT count(*) FROM leases WHERE namespace = ? AND id = ?", namespace, lease)
        == 0) {
      throw EngineException.notFound(
          "lease %s does not exist in namespace %s".formatted(lease, namespace));
    }
  }

  /** Takes a resource that is no more out of all leases. */
  static void forget(Transaction t, String namespace, String type, String id) {
    t.sql()
        .update(
            "DELETE FROM leased WHERE namespace = ? AND type = ? AND id = ?", namespace, type, id);
  }
}
