package org.felucca.registry;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What TLS connections trust and show.
 *
 * @param authorities files of certificates that are trusted besides the machine's
 * @param clients what this side shows if it is asked
 * @param skipVerify whether any certificate will do
 */
record TlsSettings(List<Path> authorities, List<ClientKey> clients, boolean skipVerify) {
  /** The machine's certificates. */
  static final TlsSettings MACHINE = new TlsSettings(List.of(), List.of(), false);

  /**
   * A certificate and its key.
   *
   * @param certificate a file with the certificate and those above it
   * @param key a file with the key; null if it is in the same one
   */
  record ClientKey(Path certificate, @Nullable Path key) {}

  TlsSettings {
    authorities = List.copyOf(authorities);
    clients = List.copyOf(clients);
  }

  /** The same without what says who this side is. */
  TlsSettings anonymous() {
    return clients.isEmpty() ? this : new TlsSettings(authorities, List.of(), skipVerify);
  }

  TlsSettings skippingVerification() {
    return new TlsSettings(authorities, clients, true);
  }
}
