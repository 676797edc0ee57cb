package org.felucca.grpc;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import java.net.SocketAddress;
import org.felucca.linux.Descriptor;

/**
 * Makes netty's channels of a listening socket that somebody else holds. Closing such a channel
 * closes a duplicate: the socket goes on listening.
 */
final class HeldSocket {
  private HeldSocket() {}

  /**
   * A channel of a unix socket.
   *
   * @param number of the descriptor
   */
  static ServerChannel unix(int number) {
    Descriptor descriptor = Descriptor.duplicateOf(number);
    descriptor.setNonBlocking(true);
    return bound(new EpollServerDomainSocketChannel(descriptor.detach(), true));
  }

  /** Accepts when gRPC thinks that it binds, which is when everything is in place. */
  private static ServerChannel bound(ServerChannel channel) {
    channel.config().setAutoRead(false);
    channel
        .pipeline()
        .addLast(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void bind(
                  ChannelHandlerContext context, SocketAddress address, ChannelPromise promise) {
                promise.setSuccess();
                context.channel().config().setAutoRead(true);
              }
            });
    return channel;
  }
}
