package org.felucca.grpc;

import io.grpc.Attributes;
import io.grpc.netty.GrpcHttp2ConnectionHandler;
import io.grpc.netty.InternalProtocolNegotiationEvent;
import io.grpc.netty.InternalProtocolNegotiator;
import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.ProtocolNegotiationEvent;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.linux.ProcessId;

/** Begins connections of the unix socket: asks the kernel who connected. */
final class UnixPeers implements InternalProtocolNegotiator.ProtocolNegotiator {
  private static final Logger LOG = Logger.getLogger(UnixPeers.class.getName());

  private final AtomicLong connections;

  /**
   * @param connections counts connections
   */
  UnixPeers(AtomicLong connections) {
    this.connections = connections;
  }

  @Override
  public AsciiString scheme() {
    return AsciiString.of("http");
  }

  @Override
  public ChannelHandler newHandler(GrpcHttp2ConnectionHandler handler) {
    return InternalProtocolNegotiators.waitUntilActiveHandler(
        new Asking(InternalProtocolNegotiators.grpcNegotiationHandler(handler)),
        handler.getNegotiationLogger());
  }

  @Override
  public void close() {}

  private Peer peer(Channel channel) throws IOException {
    long connection = connections.incrementAndGet();
    PeerCredentials credentials = ((EpollDomainSocketChannel) channel).peerCredentials();
    Peer peer =
        new Peer(
            credentials.pid() > 0 ? ProcessId.of(credentials.pid()).orElse(null) : null,
            Integer.toUnsignedLong(credentials.uid()),
            null,
            connection);
    LOG.log(
        Level.FINE,
        "client connected pid={0} uid={1} gids={2}",
        new Object[] {credentials.pid(), peer.uid(), credentials.gids()});
    return peer;
  }

  /** Writes into the connection's attributes who is there, and makes way for the next handler. */
  private final class Asking extends ChannelInboundHandlerAdapter {
    private final ChannelHandler next;

    Asking(ChannelHandler next) {
      this.next = next;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
      if (!(event instanceof ProtocolNegotiationEvent negotiated)) {
        super.userEventTriggered(context, event);
        return;
      }
      Attributes known =
          InternalProtocolNegotiationEvent.getAttributes(negotiated).toBuilder()
              .set(Peer.KEY, peer(context.channel()))
              .build();
      context.pipeline().replace(context.name(), null, next);
      context.fireUserEventTriggered(
          InternalProtocolNegotiationEvent.withAttributes(negotiated, known));
    }
  }
}
