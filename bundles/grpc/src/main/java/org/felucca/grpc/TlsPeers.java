package org.felucca.grpc;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Begins connections over TLS: keeps whose certificate it was. */
final class TlsPeers extends ServerTransportFilter {
  private static final Logger LOG = Logger.getLogger(TlsPeers.class.getName());

  private final AtomicLong connections;

  /**
   * @param connections counts connections
   */
  TlsPeers(AtomicLong connections) {
    this.connections = connections;
  }

  @Override
  public Attributes transportReady(Attributes attributes) {
    X500Principal subject = subject(attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
    LOG.log(
        Level.INFO,
        "client connected subject={0} address={1}",
        new Object[] {subject, attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)});
    return attributes.toBuilder()
        .set(Peer.KEY, new Peer(null, -1, subject, connections.incrementAndGet()))
        .build();
  }

  private static @Nullable X500Principal subject(@Nullable SSLSession session) {
    try {
      return session != null && session.getPeerPrincipal() instanceof X500Principal subject
          ? subject
          : null;
    } catch (SSLPeerUnverifiedException e) {
      return null; // can't be, the handshake demands a certificate; nobody may do nothing
    }
  }
}
