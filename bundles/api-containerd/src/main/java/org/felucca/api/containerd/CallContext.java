package org.felucca.api.containerd;

import io.grpc.Metadata;
import java.util.Iterator;
import java.util.Optional;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.Scope;

/**
 * Who calls and in whose name: what containerd's clients say in headers.
 *
 * @param headers what came before the first message
 */
record CallContext(Metadata headers) {
  /** The header that names the namespace. */
  static final Metadata.Key<String> NAMESPACE =
      Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);

  /** The header that names the lease. */
  static final Metadata.Key<String> LEASE =
      Metadata.Key.of("containerd-lease", Metadata.ASCII_STRING_MARSHALLER);

  /** What the server says of the peer; see {@link Peer}. */
  static final Metadata.Key<String> PEER =
      Metadata.Key.of("felucca-peer", Metadata.ASCII_STRING_MARSHALLER);

  /**
   * The namespace of the call.
   *
   * @throws EngineException FAILED_PRECONDITION if none is named, INVALID_ARGUMENT if it is none
   */
  Namespace namespace() {
    return new Namespace(
        first(NAMESPACE)
            .orElseThrow(
                () ->
                    EngineException.precondition(
                        "namespace is required: set the header containerd-namespace")));
  }

  /** The lease to which the call adds what it touches. */
  Optional<String> lease() {
    return first(LEASE);
  }

  /** The process that calls, if it is one of this machine. */
  Optional<Peer> peer() {
    return first(PEER).flatMap(Peer::parse);
  }

  /** Namespace and lease, as contracts take them; throws as {@link #namespace} does. */
  Scope scope() {
    Scope scope = Scope.of(namespace());
    return lease().map(scope::withLease).orElse(scope);
  }

  /** The first value counts, as in containerd; gRPC's own look-up answers the last. */
  private Optional<String> first(Metadata.Key<String> key) {
    Iterable<String> values = headers.getAll(key);
    if (values == null) {
      return Optional.empty();
    }
    Iterator<String> all = values.iterator();
    return Optional.of(all.next()).filter(value -> !value.isEmpty());
  }
}
