package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.felix.framework.FrameworkFactory;
import org.felucca.api.EngineException;
import org.felucca.api.Namespace;
import org.felucca.api.containerd.wire.events.EventsGrpc;
import org.felucca.api.containerd.wire.events.ForwardRequest;
import org.felucca.api.containerd.wire.events.PublishRequest;
import org.felucca.api.containerd.wire.events.SubscribeRequest;
import org.felucca.api.containerd.wire.events.TaskExit;
import org.felucca.api.containerd.wire.types.Envelope;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.api.task.ProcessIo;
import org.felucca.events.SegmentedEventLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/** Events over the real log, in a real framework, on a real gRPC server. */
@Timeout(120)
class EventsServiceTest {
  private static final Namespace MOBY = new Namespace("moby");
  private static final String TASKS = "namespace==moby,topic~=|^/tasks/|";

  @TempDir Path root;
  private Framework framework;
  private BundleContext context;
  private EventLog log;
  private EventsService service;
  private TestingServer server;

  @BeforeEach
  void start() throws Exception {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    root.resolve("cache").toString(),
                    "felucca.root",
                    root.toString(),
                    "felucca.state",
                    root.resolve("state").toString()));
    framework.start();
    context = framework.getBundleContext();
    log = new SegmentedEventLog(context);
    context.registerService(EventLog.class, log, null);
    startService();
  }

  private void startService() throws Exception {
    service = new EventsService(context);
    server = new TestingServer(service);
  }

  private void stopService() {
    server.close();
    service.close();
  }

  @AfterEach
  void stop() throws Exception {
    stopService();
    framework.stop();
    framework.waitForStop(30_000);
  }

  /** Somebody who reads one event after the other, and none before it wants to. */
  private static final class Subscriber extends ClientCall.Listener<Envelope> {
    private final ClientCall<SubscribeRequest, Envelope> call;
    private final CountDownLatch accepted = new CountDownLatch(1);
    private final BlockingQueue<Envelope> told = new LinkedBlockingQueue<>();

    @SuppressWarnings("this-escape")
    Subscriber(Channel channel, String... filters) throws InterruptedException {
      call = channel.newCall(EventsGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(SubscribeRequest.newBuilder().addAllFilters(List.of(filters)).build());
      call.halfClose();
      assertTrue(accepted.await(60, TimeUnit.SECONDS), "the subscription is accepted");
    }

    @Override
    public void onHeaders(Metadata headers) {
      accepted.countDown();
    }

    @Override
    public void onMessage(Envelope message) {
      told.add(message);
    }

    Envelope next() throws InterruptedException {
      call.request(1);
      Envelope envelope = told.poll(60, TimeUnit.SECONDS);
      if (envelope == null) {
        throw new AssertionError("no event has come");
      }
      return envelope;
    }

    void end() {
      call.cancel("enough", null);
    }
  }

  /** Subscribes and waits until that is accepted. */
  private Subscriber subscribe(String peer, String... filters) throws InterruptedException {
    Metadata headers = new Metadata();
    if (!peer.isEmpty()) {
      headers.put(CallContext.PEER, peer);
    }
    return new Subscriber(
        ClientInterceptors.intercept(
            server.plain(), MetadataUtils.newAttachHeadersInterceptor(headers)),
        filters);
  }

  /** The containers of the exits that come before, and with, that of one container. */
  private static List<String> exitsUpTo(Subscriber subscriber, String last) throws Exception {
    List<String> containers = new ArrayList<>();
    while (!containers.contains(last)) {
      Envelope envelope = subscriber.next();
      if (envelope.getTopic().equals("/tasks/exit")) {
        containers.add(TaskExit.parseFrom(envelope.getEvent().getValue()).getContainerId());
      }
    }
    return containers;
  }

  private void exit(String container) {
    log.publish(MOBY, new Event.TaskExit(container, container, 5, 0, Instant.EPOCH));
  }

  private static void assertCode(Code code, Executable call) {
    assertEquals(code, assertThrows(StatusRuntimeException.class, call).getStatus().getCode());
  }

  @Test
  void subscribe_ofANewcomer_tellsWhatComes() throws Exception {
    exit("before");
    var call = subscribe("4711:1:1", TASKS);
    log.publish(new Namespace("other"), new Event.TaskOom("x"));
    log.publish(MOBY, new Event.ContainerDelete("x"));
    exit("after");
    Envelope told = call.next();
    assertEquals("/tasks/exit", told.getTopic());
    assertEquals("containerd.events.TaskExit", told.getEvent().getTypeUrl());
    assertEquals("after", TaskExit.parseFrom(told.getEvent().getValue()).getContainerId());
    call.end();
  }

  @Test
  void subscribe_afterTheServiceWasReplaced_goesOn() throws Exception {
    var call = subscribe("4711:1:1", TASKS);
    exit("first");
    exit("second"); // whoever was sent this was sent the first for certain
    assertEquals(List.of("first", "second"), exitsUpTo(call, "second"));
    stopService();
    exit("missed");
    exit("reused");
    log.publish(MOBY, new Event.TaskCreated("reused", "/b", List.of(), ProcessIo.NONE, "", 6));
    startService();
    var again = subscribe("4711:1:2", TASKS);
    exit("last");
    List<String> told = exitsUpTo(again, "last");
    assertFalse(told.contains("first"), told::toString);
    assertFalse(told.contains("reused"), told::toString);
    assertEquals(1, told.stream().filter("missed"::equals).count(), told::toString);
    again.end();
    var another = subscribe("4712:1:3", TASKS);
    exit("new");
    assertEquals(List.of("new"), exitsUpTo(another, "new"));
    another.end();
  }

  @Test
  void subscribe_ofOneThatDoesNotRead_holdsBackNobody() throws Exception {
    var lazy = subscribe("", TASKS);
    var eager = subscribe("", TASKS);
    int count = 3000;
    for (int i = 1; i <= count; i++) {
      exit("c" + i);
    }
    assertEquals(count, exitsUpTo(eager, "c" + count).size());
    assertEquals(count, exitsUpTo(lazy, "c" + count).size());
    lazy.end();
    eager.end();
  }

  /** A log that is replaced whenever its reader is interrupted: the interrupt is then lost. */
  private static final class ReplacedLog implements EventLog {
    private final AtomicInteger subscribed = new AtomicInteger();
    private final BlockingQueue<Thread> readers = new LinkedBlockingQueue<>();

    @Override
    public LoggedEvent publish(@Nullable Namespace namespace, Event event) {
      throw EngineException.unavailable("replaced");
    }

    @Override
    public long position() {
      return 0;
    }

    @Override
    public Subscription subscribe(List<String> filters, long after) {
      subscribed.incrementAndGet();
      return new Subscription() {
        @Override
        public @Nullable LoggedEvent next(Duration wait) {
          readers.add(Thread.currentThread());
          try {
            Thread.sleep(wait);
            return null;
          } catch (InterruptedException e) {
            throw EngineException.unavailable("replaced");
          }
        }

        @Override
        public void close() {}
      };
    }
  }

  @Test
  void subscribe_clientGoesWhileTheLogIsReplaced_ends() throws Exception {
    stopService();
    ReplacedLog replaced = new ReplacedLog();
    context.registerService(
        EventLog.class, replaced, new Hashtable<>(Map.of(Constants.SERVICE_RANKING, 1)));
    startService();
    var call = subscribe("", TASKS);
    Thread reader = replaced.readers.take();
    call.end();
    assertTrue(reader.join(Duration.ofSeconds(20)), "the handler ends");
    assertEquals(1, replaced.subscribed.get(), "nobody follows the next log");
  }

  @Test
  void subscribe_withABadFilter_isRefused() {
    assertCode(
        Code.INVALID_ARGUMENT,
        () ->
            EventsGrpc.newBlockingStub(server.plain())
                .subscribe(SubscribeRequest.newBuilder().addFilters("topic==").build())
                .hasNext());
  }

  @Test
  void publish_andForward_areToldAsTheyCame() throws Exception {
    var call = subscribe("");
    Any payload = Any.newBuilder().setTypeUrl("my.Type").build();
    EventsGrpc.EventsBlockingStub moby = EventsGrpc.newBlockingStub(server.in("moby"));
    moby.publish(PublishRequest.newBuilder().setTopic("/own/topic").setEvent(payload).build());
    Envelope published = call.next();
    assertEquals("moby", published.getNamespace());
    assertEquals("/own/topic", published.getTopic());
    assertEquals(payload, published.getEvent());
    Envelope sent =
        Envelope.newBuilder()
            .setNamespace("other")
            .setTopic("/own/other")
            .setEvent(payload)
            .setTimestamp(Timestamp.newBuilder().setSeconds(1))
            .build();
    moby.forward(ForwardRequest.newBuilder().setEnvelope(sent).build());
    assertEquals("other", call.next().getNamespace());
    call.end();
  }

  @Test
  void publish_ofWhatIsNone_isRefused() {
    EventsGrpc.EventsBlockingStub moby = EventsGrpc.newBlockingStub(server.in("moby"));
    for (String topic : List.of("", "/", "no-slash", "/a//b", "/a b", "/a/../b")) {
      assertCode(
          Code.INVALID_ARGUMENT,
          () -> moby.publish(PublishRequest.newBuilder().setTopic(topic).build()));
    }
    assertCode(
        Code.FAILED_PRECONDITION,
        () ->
            EventsGrpc.newBlockingStub(server.plain())
                .publish(PublishRequest.newBuilder().setTopic("/a").build()));
    assertCode(
        Code.INVALID_ARGUMENT,
        () ->
            moby.forward(
                ForwardRequest.newBuilder()
                    .setEnvelope(Envelope.newBuilder().setNamespace("n").setTopic("/a"))
                    .build()));
  }
}
