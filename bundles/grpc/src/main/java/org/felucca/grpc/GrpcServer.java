package org.felucca.grpc;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Serves on the unix socket that the launcher holds. Starting it costs as much as a third of the
 * engine, and clients wait in the socket's queue: so it is done in the background.
 */
@Component(service = GrpcServer.class, immediate = true)
public final class GrpcServer {
  private static final Logger LOG = Logger.getLogger(GrpcServer.class.getName());

  /** What containerd's clients may send in one message. */
  private static final int MAX_MESSAGE = 16 << 20;

  private static final int MAX_HEADERS = 64 << 10;

  /** Every container that somebody waits for is a call of its own. */
  private static final int MAX_CALLS = 10_000;

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration DRAIN = Duration.ofSeconds(2);
  private static final Duration GRACE = Duration.ofMillis(500);

  /** A client may ask this often whether the engine is still there. */
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(5);

  private final String address;
  private final int socket;
  private final Mounts mounts;
  private final ExecutorService calls =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("grpc-call").factory());
  private final Thread starter;

  private @Nullable EventLoopGroup loop;
  private @Nullable Server server;
  private boolean stopped;

  /** Begins to serve soon. */
  @Activate
  public GrpcServer(
      BundleContext context, @Reference(target = "(felucca.socket=grpc)") Integer socket) {
    String told = context.getProperty("felucca.address");
    this.address = told == null ? "/run/felucca/felucca.sock" : told;
    this.socket = socket;
    this.mounts = new Mounts(context, () -> PATIENCE, DRAIN, () -> isReady(context));
    this.starter = Thread.ofPlatform().daemon().name("felucca-grpc-start").start(this::start);
  }

  private static boolean isReady(BundleContext context) {
    try {
      return !context
          .getServiceReferences(
              org.osgi.service.condition.Condition.class, "(osgi.condition.id=felucca.ready)")
          .isEmpty();
    } catch (org.osgi.framework.InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private synchronized void start() {
    if (stopped) {
      return;
    }
    try {
      EventLoopGroup group =
          new MultiThreadIoEventLoopGroup(
              2,
              Thread.ofPlatform().daemon().name("felucca-grpc-", 0).factory(),
              EpollIoHandler.newFactory());
      loop = group;
      server = build(group).start();
      LOG.log(Level.INFO, "serving grpc address={0}", address);
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.log(Level.SEVERE, "cannot serve grpc address=" + address, e);
    }
  }

  private Server build(EventLoopGroup group) {
    return NettyServerBuilder.forAddress(new DomainSocketAddress(address))
        .channelFactory(() -> HeldSocket.unix(socket))
        .bossEventLoopGroup(group)
        .workerEventLoopGroup(group)
        .withChildOption(ChannelOption.SO_KEEPALIVE, null)
        .executor(calls)
        .fallbackHandlerRegistry(mounts)
        .maxInboundMessageSize(MAX_MESSAGE)
        .maxInboundMetadataSize(MAX_HEADERS)
        .maxConcurrentCallsPerConnection(MAX_CALLS)
        .permitKeepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(true)
        .build();
  }

  /** Lets calls finish, then sends the clients away; they connect again. */
  @Deactivate
  public void stop() throws InterruptedException {
    starter.join();
    synchronized (this) {
      stopped = true;
      Server running = server;
      if (running != null) {
        running.shutdown();
      }
      mounts.close();
      if (running != null) {
        running.shutdownNow();
        running.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
      EventLoopGroup group = loop;
      if (group != null) {
        var _ = group.shutdownGracefully(0, GRACE.toMillis(), TimeUnit.MILLISECONDS);
        group.awaitTermination(2 * GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
      calls.shutdownNow();
    }
  }
}
