package org.felucca.grpc;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Makes servers that share threads, services, limits and rules, and differ in their sockets. */
final class Endpoints {
  /** What containerd's clients may send in one message. */
  private static final int MAX_MESSAGE = 16 << 20;

  private static final int MAX_HEADERS = 64 << 10;

  /** Every container that somebody waits for is a call of its own. */
  private static final int MAX_CALLS = 10_000;

  /** How often a client may ask whether the engine is still there. */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(5);

  /** A remote client that is silent is asked after this time, and dropped if it does not answer. */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  private static final Duration ANSWER = Duration.ofSeconds(20);

  private static final Duration HANDSHAKE = Duration.ofSeconds(10);

  private final Mounts mounts;
  private final Gate gate;
  private final AtomicLong connections = new AtomicLong();
  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          2,
          Thread.ofPlatform().daemon().name("felucca-grpc-", 0).factory(),
          EpollIoHandler.newFactory());
  private final ExecutorService calls =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-call").factory());

  Endpoints(Mounts mounts, Gate gate) {
    this.mounts = mounts;
    this.gate = gate;
  }

  /**
   * A server on a unix socket that somebody else holds.
   *
   * @param number of its descriptor
   */
  Server unix(String address, int number) {
    return build(
        NettyServerBuilder.forAddress(new DomainSocketAddress(address))
            .channelFactory(() -> HeldSocket.unix(number))
            .withChildOption(ChannelOption.SO_KEEPALIVE, null)
            .protocolNegotiator(new UnixPeers(connections)));
  }

  /** A server on a TCP socket of its own, with TLS. */
  Server tcp(InetSocketAddress address, TlsFiles files) {
    return build(
        NettyServerBuilder.forAddress(address)
            .channelType(EpollServerSocketChannel.class)
            .protocolNegotiator(new TlsNegotiator(files))
            .addTransportFilter(new TlsPeers(connections))
            .handshakeTimeout(HANDSHAKE.toSeconds(), TimeUnit.SECONDS)
            .keepAliveTime(SILENCE.toSeconds(), TimeUnit.SECONDS)
            .keepAliveTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS));
  }

  private Server build(NettyServerBuilder builder) {
    return builder
        .bossEventLoopGroup(loop)
        .workerEventLoopGroup(loop)
        .executor(calls)
        .fallbackHandlerRegistry(mounts)
        .intercept(gate)
        .maxInboundMessageSize(MAX_MESSAGE)
        .maxInboundMetadataSize(MAX_HEADERS)
        .maxConcurrentCallsPerConnection(MAX_CALLS)
        .permitKeepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(true)
        .build();
  }

  /** Ends the threads. */
  void close(Duration patience) throws InterruptedException {
    var _ = loop.shutdownGracefully(0, patience.toMillis(), TimeUnit.MILLISECONDS);
    loop.awaitTermination(2 * patience.toMillis(), TimeUnit.MILLISECONDS);
    calls.shutdownNow();
  }
}
