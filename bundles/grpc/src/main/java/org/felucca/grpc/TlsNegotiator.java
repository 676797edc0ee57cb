package org.felucca.grpc;

import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiator.ProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.netty.channel.ChannelHandler;
import io.netty.util.AsciiString;

/** Begins connections of the TCP socket, with the certificates as they are then. */
final class TlsNegotiator implements ProtocolNegotiator {
  private final TlsFiles files;
  private final ProtocolNegotiator tls;

  TlsNegotiator(TlsFiles files) {
    this.files = files;
    this.tls = InternalProtocolNegotiators.serverTls(files.context());
  }

  @Override
  public AsciiString scheme() {
    return tls.scheme();
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
    files.refresh();
    return tls.newHandler(handler);
  }

  @Override
  public void close() {
    tls.close();
  }
}
