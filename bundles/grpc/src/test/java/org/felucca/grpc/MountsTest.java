package org.felucca.grpc;

import static org.felucca.grpc.TestingServices.hang;
import static org.felucca.grpc.TestingServices.method;
import static org.felucca.grpc.TestingServices.say;
import static org.felucca.grpc.TestingServices.stream;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.ClientCalls;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.grpc.TestingServices.Speaker;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;

/** Services that come and go in a real framework, called over a unix socket that stays. */
@Timeout(120)
class MountsTest {
  private static final String NAME = "felucca.test.Speaker";
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(200);

  @TempDir Path folder;
  private final AtomicReference<Duration> patience = new AtomicReference<>(LONG);
  private final AtomicBoolean ready = new AtomicBoolean(true);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<AccessRule> rules = new CopyOnWriteArrayList<>();
  private final List<ManagedChannel> clients = new ArrayList<>();
  private Framework framework;
  private ServerSocketChannel held;
  private int number;
  private Mounts mounts;
  private Endpoints endpoints;
  private Server server;
  private EventLoopGroup clientLoop;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    framework =
        new FrameworkFactory()
            .newFramework(Map.of(Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString()));
    framework.start();
    held = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    held.bind(UnixDomainSocketAddress.of(folder.resolve("sock")), 1024);
    number = number();
    serve(Duration.ofSeconds(30));
    clientLoop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    channel = connect("%2Frun%2Fsock"); // what Go's clients of some years say
  }

  /** Finds the number of the held socket as the launcher does: by what it is a link to. */
  private int number() throws Exception {
    String inode =
        Files.readAllLines(Path.of("/proc/net/unix")).stream()
            .filter(line -> line.endsWith(" " + folder.resolve("sock")))
            .map(line -> line.strip().split(" +")[6])
            .findFirst()
            .orElseThrow();
    for (Path descriptor : descriptors()) {
      if (Files.isSymbolicLink(descriptor)
          && Files.readSymbolicLink(descriptor).toString().equals("socket:[" + inode + "]")) {
        return Integer.parseInt(descriptor.getFileName().toString());
      }
    }
    throw new AssertionError("the held socket has no descriptor");
  }

  private static List<Path> descriptors() throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.toList();
    }
  }

  private void serve(Duration drain) throws Exception {
    mounts = new Mounts(framework.getBundleContext(), patience::get, drain, ready::get);
    endpoints = new Endpoints(mounts, new Gate(rules));
    server = endpoints.unix("test", number).start();
  }

  private void stopServing() throws InterruptedException {
    server.shutdown();
    mounts.close();
    server.shutdownNow();
    server.awaitTermination(30, TimeUnit.SECONDS);
    endpoints.close(Duration.ofMillis(500));
  }

  private ManagedChannel connect(String authority) {
    ManagedChannel made =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(folder.resolve("sock").toString()))
            .channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class)
            .eventLoopGroup(clientLoop)
            .withOption(io.netty.channel.ChannelOption.SO_KEEPALIVE, null)
            .overrideAuthority(authority)
            .usePlaintext()
            .executor(threads)
            .build();
    clients.add(made);
    return made;
  }

  @AfterEach
  void stop() throws Exception {
    clients.forEach(ManagedChannel::shutdownNow);
    stopServing();
    held.close();
    var _ = clientLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    framework.stop();
    framework.waitForStop(30_000);
    threads.shutdownNow();
  }

  private ServiceRegistration<BindableService> register(BindableService service) {
    return framework.getBundleContext().registerService(BindableService.class, service, null);
  }

  private ServiceRegistration<BindableService> registerNamed(String name, BindableService service) {
    return framework
        .getBundleContext()
        .registerService(
            BindableService.class, service, new Hashtable<>(Map.of(Mounts.NAME, name)));
  }

  private String call(MethodDescriptor<String, String> method, String question) {
    return ClientCalls.blockingUnaryCall(
        channel, method, CallOptions.DEFAULT.withDeadlineAfter(90, TimeUnit.SECONDS), question);
  }

  private Status.Code code(MethodDescriptor<String, String> method) {
    return assertThrows(StatusRuntimeException.class, () -> call(method, "?"))
        .getStatus()
        .getCode();
  }

  @Test
  void call_nameInPropertyOrNot_isServed() {
    register(new Speaker("felucca.test.Unnamed", "unnamed"));
    registerNamed(NAME, new Speaker(NAME, "named"));
    assertEquals("named hello", call(say(NAME), "hello"));
    assertEquals("unnamed hello", call(say("felucca.test.Unnamed"), "hello"));
  }

  @Test
  void call_unknownServiceOrMethod_isUnimplementedAtOnce() {
    register(new Speaker(NAME, "a"));
    assertEquals(Status.Code.UNIMPLEMENTED, code(say("felucca.test.Unknown")));
    assertEquals(Status.Code.UNIMPLEMENTED, code(method(NAME, "Unknown", MethodType.UNARY)));
  }

  @Test
  void call_ofAUserWhoseRuleAllowsNothing_isRefused() throws Exception {
    register(new Speaker(NAME, "a"));
    assertEquals("a 1", call(say(NAME), "1"));
    String uid = Files.getAttribute(Path.of("/proc/self"), "unix:uid").toString();
    rules.add(new AccessRule(new TlsTest.Rule("", uid, "", "*")));
    assertEquals(Status.Code.PERMISSION_DENIED, code(say(NAME)));
  }

  @Test
  void call_serviceClaimsTheNameOfAnother_isUnimplemented() {
    registerNamed("felucca.test.Claimed", new Speaker(NAME, "a"));
    Status status =
        assertThrows(StatusRuntimeException.class, () -> call(say("felucca.test.Claimed"), "hello"))
            .getStatus();
    assertEquals(Status.Code.UNIMPLEMENTED, status.getCode());
    assertTrue(status.getDescription().contains("serves " + NAME), status::toString);
  }

  @Test
  void call_serviceThatCannotBeBound_isLeftOut() throws Exception {
    ServiceRegistration<BindableService> old = register(new Speaker(NAME, "old"));
    assertEquals("old 1", call(say(NAME), "1"));
    old.unregister();
    AtomicInteger bound = new AtomicInteger();
    register(
        () -> {
          bound.incrementAndGet();
          throw new IllegalStateException("broken");
        });
    Future<String> answer = threads.submit(() -> call(say(NAME), "2"));
    register(new Speaker(NAME, "new"));
    assertEquals("new 2", answer.get());
    assertEquals("new 3", call(say(NAME), "3"));
    assertEquals(Status.Code.UNIMPLEMENTED, code(say("felucca.test.Unknown")));
    assertEquals(1, bound.get(), "it is not tried again");
    assertTrue(mounts.lookupMethod("/Say", null) == null, "no call has its name");
  }

  @Test
  void call_engineStarting_waitsForItsService() throws Exception {
    ready.set(false);
    Future<String> answer = threads.submit(() -> call(say(NAME), "early"));
    register(new Speaker(NAME, "a"));
    assertEquals("a early", answer.get());
  }

  @Test
  void call_serviceWasReplaced_reachesTheNewOneOnTheSameConnection() {
    ServiceRegistration<BindableService> old = register(new Speaker(NAME, "old"));
    assertEquals("old 1", call(say(NAME), "1"));
    old.unregister();
    register(new Speaker(NAME, "new"));
    assertEquals("new 2", call(say(NAME), "2"));
    assertEquals(ConnectivityState.READY, channel.getState(false));
  }

  @Test
  void call_whileServiceIsGone_waitsForTheReplacement() throws Exception {
    ServiceRegistration<BindableService> old = register(new Speaker(NAME, "old"));
    assertEquals("old 1", call(say(NAME), "1"));
    old.unregister();
    Future<String> answer = threads.submit(() -> call(say(NAME), "2"));
    register(new Speaker(NAME, "new"));
    assertEquals("new 2", answer.get());
  }

  @Test
  void call_noReplacementComes_isUnavailable() {
    ServiceRegistration<BindableService> old = register(new Speaker(NAME, "old"));
    assertEquals("old 1", call(say(NAME), "1"));
    old.unregister();
    patience.set(SHORT);
    assertEquals(Status.Code.UNAVAILABLE, code(say(NAME)));
  }

  @Test
  void unregister_callInFlight_isAwaited() throws Exception {
    Speaker old = new Speaker(NAME, "old");
    ServiceRegistration<BindableService> registration = register(old);
    Future<String> answer = threads.submit(() -> call(hang(NAME), "slow"));
    old.hanging.await();
    Future<?> going = threads.submit(registration::unregister);
    old.goOn.countDown();
    assertEquals("old slow", answer.get());
    going.get();
  }

  @Test
  void unregister_callStaysTooLong_isUnavailableAndInterrupted() throws Exception {
    stopServing();
    serve(SHORT);
    Speaker old = new Speaker(NAME, "old");
    ServiceRegistration<BindableService> registration = register(old);
    Future<Status.Code> code = threads.submit(() -> code(hang(NAME)));
    old.hanging.await();
    registration.unregister();
    assertEquals(Status.Code.UNAVAILABLE, code.get());
    assertTrue(old.interrupted.await(60, TimeUnit.SECONDS));
  }

  @Test
  void unregister_openStream_endsUnavailableAndTheConnectionStays() throws Exception {
    stopServing();
    serve(SHORT);
    Speaker old = new Speaker(NAME, "old");
    ServiceRegistration<BindableService> registration = register(old);
    Iterator<String> answers =
        ClientCalls.blockingServerStreamingCall(
            channel, stream(NAME), CallOptions.DEFAULT, "begin");
    assertEquals("old", answers.next());
    registration.unregister();
    StatusRuntimeException e = assertThrows(StatusRuntimeException.class, answers::hasNext);
    assertEquals(Status.Code.UNAVAILABLE, e.getStatus().getCode());
    register(new Speaker(NAME, "new"));
    assertEquals("new 2", call(say(NAME), "2"));
  }

  @Test
  void stop_serverIsReplaced_clientsWaitInTheSocketsQueue() throws Exception {
    register(new Speaker(NAME, "a"));
    assertEquals("a 1", call(say(NAME), "1"));
    stopServing();
    ManagedChannel late = connect("localhost");
    Future<String> answer =
        threads.submit(
            () ->
                ClientCalls.blockingUnaryCall(
                    late,
                    say(NAME),
                    CallOptions.DEFAULT.withDeadlineAfter(90, TimeUnit.SECONDS),
                    "2"));
    serve(SHORT);
    assertEquals("a 2", answer.get());
  }

  @Test
  void cancel_clientGivesUp_interruptsTheHandler() throws Exception {
    Speaker speaker = new Speaker(NAME, "a");
    register(speaker);
    Status.Code code =
        assertThrows(
                StatusRuntimeException.class,
                () ->
                    ClientCalls.blockingUnaryCall(
                        channel, hang(NAME), CallOptions.DEFAULT.withDeadlineAfter(SHORT), "?"))
            .getStatus()
            .getCode();
    assertEquals(Status.Code.DEADLINE_EXCEEDED, code);
    if (speaker.hanging.await(1, TimeUnit.SECONDS)) {
      assertTrue(speaker.interrupted.await(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void call_manyAtOnce_areAllServed() throws Exception {
    register(new Speaker(NAME, "a"));
    List<Future<String>> answers = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      String question = "q" + i;
      answers.add(threads.submit(() -> call(say(NAME), question)));
    }
    for (int i = 0; i < 1000; i++) {
      assertEquals("a q" + i, answers.get(i).get());
    }
    for (int i = 0; i < 200; i++) {
      ManagedChannel one = connect("localhost");
      assertEquals("a b", ClientCalls.blockingUnaryCall(one, say(NAME), CallOptions.DEFAULT, "b"));
    }
  }

  @Test
  void call_largeMessage_isServedUpTo16MiB() {
    register(new Speaker(NAME, "a"));
    String large = "x".repeat(4 << 20); // more than gRPC's default, less than the client's answer
    String answer =
        ClientCalls.blockingUnaryCall(
            channel, say(NAME), CallOptions.DEFAULT.withMaxInboundMessageSize(32 << 20), large);
    assertEquals(large.length() + 2, answer.length());
    assertEquals(
        Status.Code.RESOURCE_EXHAUSTED,
        assertThrows(
                StatusRuntimeException.class, () -> call(say(NAME), "x".repeat((16 << 20) + 1)))
            .getStatus()
            .getCode());
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(channel)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  void health_engine_servesWithTasksAndEventsWhenReady() {
    ready.set(false);
    assertEquals(ServingStatus.NOT_SERVING, health(""));
    ready.set(true);
    mounts.builtIn().changed();
    assertEquals(ServingStatus.NOT_SERVING, health(""));
    String events = "containerd.services.events.v1.Events";
    String tasks = "containerd.services.tasks.v1.Tasks";
    ServiceRegistration<BindableService> registration = register(new Speaker(events, "events"));
    register(new Speaker(tasks, "tasks"));
    mounts.builtIn().changed();
    assertEquals(ServingStatus.SERVING, health(""));
    assertEquals(ServingStatus.SERVING, health(tasks));
    registration.unregister();
    mounts.builtIn().changed();
    assertEquals(ServingStatus.NOT_SERVING, health(""));
    assertEquals(ServingStatus.NOT_SERVING, health(events));
    assertEquals(ServingStatus.SERVING, health(tasks));
  }

  @Test
  void reflection_switchedOff_isUnimplemented() {
    assertTrue(
        mounts.lookupMethod(ServerReflectionGrpc.SERVICE_NAME + "/ServerReflectionInfo", null)
            != null);
    mounts.builtIn().reflect(false);
    assertTrue(
        mounts.lookupMethod(ServerReflectionGrpc.SERVICE_NAME + "/ServerReflectionInfo", null)
            == null);
    assertEquals(ServingStatus.NOT_SERVING, health(""), "health is left on");
  }
}
