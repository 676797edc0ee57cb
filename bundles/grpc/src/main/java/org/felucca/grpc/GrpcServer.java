package org.felucca.grpc;

import io.grpc.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.condition.Condition;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Serves on the unix socket that the launcher holds, and on TCP where that is configured. Starting
 * costs as much as a third of the engine, and clients wait in the socket's queue: so it is done in
 * the background.
 */
@Component(service = GrpcServer.class, immediate = true, configurationPid = Settings.PID)
@Designate(ocd = Settings.class)
public final class GrpcServer {
  private static final Logger LOG = Logger.getLogger(GrpcServer.class.getName());

  private static final String READY = "(osgi.condition.id=felucca.ready)";
  private static final Duration DRAIN = Duration.ofSeconds(2);
  private static final Duration GRACE = Duration.ofMillis(500);

  private final BundleContext context;
  private final Path address;
  private final Path config;
  private final int socket;
  private final Gate gate;
  private final Mounts mounts;
  private final ServiceListener listener;
  private final Thread starter;
  private volatile Settings settings;

  private @Nullable Endpoints endpoints;
  private @Nullable Server local;
  private @Nullable Server remote;
  private List<String> listening = List.of();
  private boolean stopped;

  /** Begins to serve soon. */
  @Activate
  public GrpcServer(
      BundleContext context,
      @Reference(target = "(felucca.socket=grpc)") Integer socket,
      @Reference Gate gate,
      Settings settings) {
    this.context = context;
    this.address = Path.of(property("felucca.address", "/run/felucca/felucca.sock"));
    this.config = Path.of(property("felucca.config", "/etc/felucca"));
    this.socket = socket;
    this.gate = gate;
    this.settings = settings;
    this.mounts =
        new Mounts(
            context,
            () -> Duration.ofMillis(this.settings.replacement_wait_milliseconds()),
            DRAIN,
            this::isReady);
    mounts.builtIn().reflect(settings.reflection());
    this.listener = event -> mounts.changed();
    try {
      context.addServiceListener(
          listener,
          "(|(objectClass=io.grpc.BindableService)(&(objectClass=%s)%s))"
              .formatted(Condition.class.getName(), READY));
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
    this.starter = Thread.ofPlatform().daemon().name("felucca-grpc-start").start(this::start);
  }

  private String property(String name, String otherwise) {
    String value = context.getProperty(name);
    return value == null ? otherwise : value;
  }

  private boolean isReady() {
    try {
      return !context.getServiceReferences(Condition.class, READY).isEmpty();
    } catch (InvalidSyntaxException | IllegalStateException e) {
      return false; // the bundle is being stopped
    }
  }

  private synchronized void start() {
    if (stopped) {
      return;
    }
    SocketFile.give(address, settings.socket_group());
    try {
      Endpoints made = new Endpoints(mounts, gate);
      endpoints = made;
      local = made.unix(address.toString(), socket).start();
      LOG.log(Level.INFO, "serving grpc address={0}", address);
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.log(Level.SEVERE, "cannot serve grpc address=" + address, e);
    }
    listen();
  }

  /** Follows the configuration; connections stay, unless the TCP address is another. */
  @Modified
  public void configure(Settings changed) {
    settings = changed;
    mounts.builtIn().reflect(changed.reflection());
    Thread.ofVirtual()
        .name("felucca-grpc-configure")
        .start(
            () -> {
              synchronized (this) {
                if (!stopped && endpoints != null) {
                  SocketFile.give(address, changed.socket_group());
                  listen();
                }
              }
            });
  }

  /** Listens on TCP as the configuration says now. */
  private synchronized void listen() {
    Settings now = settings;
    Endpoints made = endpoints;
    List<String> wanted =
        Stream.of(now.listen().strip(), now.tls_certificate(), now.tls_key(), now.tls_authority())
            .toList();
    if (made == null || wanted.equals(listening)) {
      return;
    }
    listening = wanted;
    end(remote);
    remote = null;
    if (now.listen().isBlank()) {
      return;
    }
    try {
      InetSocketAddress on = tcpAddress(now.listen().strip());
      TlsFiles files =
          new TlsFiles(
              config.resolve(now.tls_certificate()),
              config.resolve(now.tls_key()),
              config.resolve(now.tls_authority()));
      Server server = made.tcp(on, files).start();
      remote = server;
      LOG.log(Level.INFO, "serving grpc over tls address={0}", server.getListenSockets());
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      listening = List.of(); // so that the same settings are tried again
      LOG.log(Level.SEVERE, "cannot serve grpc over tls, it is left out listen=" + now.listen(), e);
    }
  }

  /** As {@code host:port}; the host may be a numeric address in brackets. */
  private static InetSocketAddress tcpAddress(String text) throws UnknownHostException {
    int colon = text.lastIndexOf(':');
    try {
      if (colon > 0) {
        return new InetSocketAddress(
            InetAddress.getByName(text.substring(0, colon)),
            Integer.parseInt(text.substring(colon + 1)));
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "listen is '" + text + "'; give ADDRESS:PORT, such as 0.0.0.0:7443");
  }

  private static void end(@Nullable Server server) {
    if (server != null) {
      server.shutdownNow();
    }
  }

  /** Lets calls finish, then sends the clients away; they connect again. */
  @Deactivate
  public void stop() throws InterruptedException {
    context.removeServiceListener(listener);
    starter.join();
    synchronized (this) {
      stopped = true;
      for (Server server : servers()) {
        server.shutdown();
      }
      if (context.getBundle(0).getState() == Bundle.STOPPING) {
        mounts.endCalls(); // an engine that ends has no time for streams
      }
      mounts.close();
      for (Server server : servers()) {
        server.shutdownNow();
        server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
      Endpoints made = endpoints;
      if (made != null) {
        made.close(GRACE);
      }
    }
  }

  private List<Server> servers() {
    return Stream.of(local, remote).filter(java.util.Objects::nonNull).toList();
  }
}
