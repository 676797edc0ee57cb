package org.felucca.grpc;

import io.grpc.Attributes;
import javax.security.auth.x500.X500Principal;
import org.felucca.linux.ProcessId;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a connection.
 *
 * @param process on a unix socket, unless it has ended already; as of the time of connecting
 * @param uid on a unix socket, else -1
 * @param subject by a verified certificate, over TLS
 * @param connection a number that no other connection of this process has
 */
record Peer(
    @Nullable ProcessId process, long uid, @Nullable X500Principal subject, long connection) {
  /** Where a connection says it. */
  static final Attributes.Key<Peer> KEY = Attributes.Key.create("felucca-peer");

  /** For people. */
  String name() {
    if (subject != null) {
      return subject.getName();
    }
    return uid < 0 ? "a client without a name" : "user " + uid;
  }
}
