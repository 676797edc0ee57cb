package org.felucca.shim.ttrpc;

import java.io.IOException;

/** The peer does not keep to the protocol; the connection is of no further use. */
final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    super(message);
  }
}
