package org.felucca.api.containerd;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Services on a real gRPC server, without a socket. */
final class TestingServer implements AutoCloseable {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Server server;
  private final ManagedChannel channel;

  TestingServer(BindableService... services) throws IOException {
    String name = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(name).executor(threads);
    for (BindableService service : services) {
      builder.addService(service);
    }
    server = builder.build().start();
    channel = InProcessChannelBuilder.forName(name).executor(threads).build();
  }

  /** A client that says nothing in headers. */
  Channel plain() {
    return channel;
  }

  /** A client of a namespace. */
  Channel in(String namespace) {
    return with(CallContext.NAMESPACE, namespace, channel);
  }

  /** A client of a namespace with a lease. */
  Channel in(String namespace, String lease) {
    return with(CallContext.LEASE, lease, in(namespace));
  }

  private static Channel with(Metadata.Key<String> key, String value, Channel channel) {
    Metadata headers = new Metadata();
    headers.put(key, value);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    threads.close();
  }
}
