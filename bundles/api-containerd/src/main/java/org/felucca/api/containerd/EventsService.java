package org.felucca.api.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ServerServiceDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.containerd.wire.events.EventsGrpc;
import org.felucca.api.containerd.wire.events.ForwardRequest;
import org.felucca.api.containerd.wire.events.PublishRequest;
import org.felucca.api.containerd.wire.events.SubscribeRequest;
import org.felucca.api.containerd.wire.types.Envelope;
import org.felucca.api.event.Event;
import org.felucca.api.event.EventLog;
import org.felucca.api.event.LoggedEvent;
import org.felucca.linux.BootId;
import org.felucca.linux.ProcessId;
import org.felucca.oci.filter.Filters;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * Events, of all namespaces. A subscriber's queue is the event log itself: one that does not read
 * holds back nobody and costs no memory. See {@link SubscriberPositions} and {@link Gap} for one
 * whose stream broke.
 */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.events.v1.Events")
public final class EventsService implements BindableService {
  private static final Logger LOG = Logger.getLogger(EventsService.class.getName());

  /** How often somebody for whom nothing comes is noted to have seen all the rest. */
  private static final Duration PACE = Duration.ofSeconds(10);

  private final Swap<EventLog> log;
  private final SubscriberPositions positions;
  private volatile boolean closing;

  /** With the positions that an earlier engine left. */
  @Activate
  public EventsService(BundleContext context) {
    this(
        Entrance.to(context, EventLog.class),
        new SubscriberPositions(
            Path.of(context.getProperty("felucca.state"), "subscribers"),
            BootId.current().value(),
            InstantSource.system(),
            ProcessId::alive));
  }

  EventsService(Swap<EventLog> log, SubscriberPositions positions) {
    this.log = log;
    this.positions = positions;
  }

  @Deactivate
  void close() {
    closing = true;
    log.close();
    positions.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(EventsGrpc.getServiceDescriptor())
        .addMethod(EventsGrpc.getPublishMethod(), Methods.unary(this::publish))
        .addMethod(EventsGrpc.getForwardMethod(), Methods.unary(this::forward))
        .addMethod(EventsGrpc.getSubscribeMethod(), Methods.confirming(this::subscribe))
        .build();
  }

  private Empty publish(PublishRequest request, CallContext call) {
    return publish(call.namespace(), request.getTopic(), request.getEvent());
  }

  private Empty forward(ForwardRequest request, CallContext call) {
    Envelope envelope = request.getEnvelope();
    if (envelope.getTimestamp().equals(Timestamp.getDefaultInstance())) {
      throw EngineException.invalid("the event to be forwarded has no time");
    }
    return publish(
        new Namespace(envelope.getNamespace()), envelope.getTopic(), envelope.getEvent());
  }

  private Empty publish(Namespace namespace, String topic, Any event) {
    if (topic.length() < 2 || topic.charAt(0) != '/') {
      throw EngineException.invalid(
          "topic %s is none: it begins with '/' and has at least one part"
              .formatted(Identifiers.quote(topic)));
    }
    for (String part : topic.substring(1).split("/", -1)) {
      LOG.log(Level.FINEST, "part={0}", Identifiers.check("part of the topic", part));
    }
    LoggedEvent logged =
        log.use(events -> events.publish(namespace, new Event.Foreign(topic, Wire.typed(event))));
    LOG.log(Level.FINEST, "published sequence={0}", logged.sequence());
    return Empty.getDefaultInstance();
  }

  private void subscribe(SubscribeRequest request, CallContext call, Answers<Envelope> answers) {
    List<String> filters = List.copyOf(request.getFiltersList());
    if (Filters.parseAll(filters) == null) {
      throw new IllegalStateException("no filter");
    }
    long newest = log.use(EventLog::position);
    try (SubscriberPositions.Following following =
        positions.follow(call.peer().orElse(null), filters, newest)) {
      @Nullable Gap gap =
          following.again()
              ? log.use(
                  events -> new Gap(events, following.from(), following.uncertainTo(), newest))
              : null;
      answers.accept();
      Sending sending = new Sending(filters, following, gap, answers);
      while (!closing) {
        try {
          log.follow(sending::from);
        } catch (EngineException e) {
          if (e.kind() != ErrorKind.UNAVAILABLE) {
            throw e;
          }
          // The log is being replaced: the next one goes on.
          checkClient(); // its interrupt may have been taken for the log's
        }
      }
    }
    throw EngineException.unavailable("the event service is being replaced; subscribe again");
  }

  /** Throws CANCELLED if the client has gone. */
  private static void checkClient() {
    if (Context.current().isCancelled()) {
      throw EngineException.cancelled("the client has gone");
    }
  }

  /** One subscription, over all logs that it is served from. */
  private static final class Sending {
    private final List<String> filters;
    private final SubscriberPositions.Following following;
    private final @Nullable Gap gap;
    private final Answers<Envelope> answers;
    private long position;

    Sending(
        List<String> filters,
        SubscriberPositions.Following following,
        @Nullable Gap gap,
        Answers<Envelope> answers) {
      this.filters = filters;
      this.following = following;
      this.gap = gap;
      this.answers = answers;
      this.position = following.from();
    }

    /** Sends what there is and what comes; ends by an exception only. */
    Void from(EventLog events) {
      try (EventLog.Subscription subscription = events.subscribe(filters, position)) {
        while (true) {
          long before = events.position();
          LoggedEvent event = Gap.next(subscription, PACE);
          if (event == null) {
            reached(Math.max(position, before));
          } else {
            if (EventPayloads.isContainerds(event) && (gap == null || gap.tells(event))) {
              following.handed(event.sequence());
              answers.send(EventPayloads.envelope(event));
              position = event.sequence();
              answers.settle();
            }
            reached(event.sequence());
          }
        }
      }
    }

    private void reached(long number) {
      checkClient(); // what it was sent last it may not have read
      position = number;
      following.sent(number);
    }
  }
}
