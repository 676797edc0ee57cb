package org.felucca.grpc;

import io.grpc.BindableService;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerInterceptors;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.swap.Hold;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;

/**
 * Finds the service of a call. A name that was served before, or any name while the engine is still
 * starting, is waited for; another one is UNIMPLEMENTED. Which provider serves is decided when the
 * call begins and not when its method is looked up: until then its messages are bytes, so that a
 * replacement in between does no harm.
 */
final class Mounts extends HandlerRegistry implements AutoCloseable {
  /** The service property that names the gRPC service, as in {@code package.Service}. */
  static final String NAME = "grpc.service";

  /** Stands for the name of a service that can't be bound; no call has it. */
  private static final String NAMELESS = "";

  private static final Logger LOG = Logger.getLogger(Mounts.class.getName());

  private final Swap<BindableService> services;
  private final Supplier<Duration> patience;
  private final BooleanSupplier ready;
  private final BuiltIn builtIn;

  /** The names of those services that don't say it themselves. */
  private final Map<ServiceReference<BindableService>, String> learned =
      Collections.synchronizedMap(new WeakHashMap<>());

  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final Set<HeldCall> open = ConcurrentHashMap.newKeySet();

  /**
   * Begins to watch.
   *
   * @param patience how long a call waits for a service that is being replaced
   * @param drain how long a departing service waits for its calls
   * @param ready whether all services have come for the first time
   */
  Mounts(
      BundleContext context, Supplier<Duration> patience, Duration drain, BooleanSupplier ready) {
    this.patience = patience;
    this.ready = ready;
    this.builtIn = new BuiltIn(this::names, ready);
    this.services =
        new Swap<>(
            context,
            BindableService.class,
            null,
            patience.get(),
            drain,
            (reason, message, cause) ->
                Status.UNAVAILABLE.withDescription(message).withCause(cause).asRuntimeException());
  }

  @Override
  public @Nullable ServerMethodDefinition<?, ?> lookupMethod(
      String method, @Nullable String authority) {
    String service = MethodDescriptor.extractFullServiceName(method);
    if (service == null || service.equals(NAMELESS)) {
      return null;
    }
    ServerMethodDefinition<?, ?> ownMethod = builtIn.method(service, method);
    if (ownMethod != null || !isAwaited(service)) {
      return ownMethod;
    }
    MethodDescriptor<InputStream, InputStream> descriptor =
        MethodDescriptor.newBuilder(Bytes.MARSHALLER, Bytes.MARSHALLER)
            .setFullMethodName(method)
            .setType(MethodType.UNKNOWN)
            .build();
    return ServerMethodDefinition.create(
        descriptor, (call, headers) -> begin(call, headers, service));
  }

  /** The server's own services. */
  BuiltIn builtIn() {
    return builtIn;
  }

  /** Services have come or gone, or the engine has become ready. Returns at once. */
  void changed() {
    Thread.ofVirtual().name("grpc-health").start(builtIn::changed);
  }

  @Override
  public List<ServerServiceDefinition> getServices() {
    List<ServerServiceDefinition> all = new ArrayList<>();
    for (ServiceReference<BindableService> reference : services.references()) {
      try (Hold<BindableService> hold = only(reference)) {
        all.add(mounted(hold).definition());
      } catch (RuntimeException | LinkageError e) {
        LOG.log(Level.FINE, "service is left out of reflection service=" + reference, e);
      }
    }
    return all;
  }

  private boolean isAwaited(String service) {
    return seen.contains(service)
        || !ready.getAsBoolean()
        || isKnown(service)
        || names().contains(service);
  }

  /** Whether a service is there that is known to have this name, without making any. */
  private boolean isKnown(String service) {
    return services.references().stream().anyMatch(r -> service.equals(name(r)));
  }

  /** The names that are served now; makes the services that don't say theirs. */
  Set<String> names() {
    List<String> names = new ArrayList<>();
    for (ServiceReference<BindableService> reference : services.references()) {
      String name = name(reference);
      if (name == null) {
        try (Hold<BindableService> hold = only(reference)) {
          name = mounted(hold).name();
        } catch (StatusRuntimeException gone) {
          continue;
        } catch (RuntimeException | LinkageError e) {
          leaveOut(reference, e);
          continue;
        }
      }
      if (!name.equals(NAMELESS)) {
        names.add(name);
      }
    }
    seen.addAll(names);
    return Set.copyOf(names);
  }

  private Hold<BindableService> only(ServiceReference<BindableService> reference) {
    return services.hold(reference::equals, Duration.ZERO, () -> {});
  }

  private @Nullable String name(ServiceReference<BindableService> reference) {
    return reference.getProperty(NAME) instanceof String said ? said : learned.get(reference);
  }

  private Mounted mounted(Hold<BindableService> hold) {
    Mounted mounted = hold.derived(Mounted.class, Mounted::of);
    learned.put(hold.reference(), mounted.name());
    return mounted;
  }

  private ServerCall.Listener<InputStream> begin(
      ServerCall<InputStream, InputStream> call, Metadata headers, String service) {
    HeldCall held = new HeldCall(call, open::remove);
    open.add(held);
    try {
      return held.start(method(call, hold(held, service)), headers);
    } catch (StatusRuntimeException e) {
      held.close(e.getStatus(), new Metadata());
      return new ServerCall.Listener<>() {};
    } finally {
      held.releaseUnlessStarted();
    }
  }

  private static ServerMethodDefinition<?, ?> method(
      ServerCall<?, ?> call, ServerServiceDefinition definition) {
    MethodDescriptor<?, ?> called = call.getMethodDescriptor();
    ServerMethodDefinition<?, ?> method = definition.getMethod(called.getFullMethodName());
    if (method == null) {
      // As Go's server words it.
      throw Status.UNIMPLEMENTED
          .withDescription(
              "unknown method %s for service %s"
                  .formatted(called.getBareMethodName(), called.getServiceName()))
          .asRuntimeException();
    }
    return method;
  }

  private ServerServiceDefinition hold(HeldCall call, String service) {
    long deadline = System.nanoTime() + patience.get().toNanos();
    while (true) {
      Hold<BindableService> hold;
      boolean known = isKnown(service);
      try {
        hold =
            services.hold(
                reference -> {
                  String name = name(reference);
                  return name == null ? !known : name.equals(service);
                },
                Duration.ofNanos(deadline - System.nanoTime()),
                call::replaced);
      } catch (StatusRuntimeException e) {
        throw seen.contains(service)
            ? Status.UNAVAILABLE
                .withDescription("the service " + service + " is being replaced; try again")
                .withCause(e)
                .asRuntimeException()
            : e;
      }
      Mounted mounted;
      try {
        mounted = mounted(hold);
      } catch (RuntimeException | LinkageError e) {
        hold.close();
        if (!leaveOut(hold.reference(), e)) {
          throw e;
        }
        continue;
      } catch (Error e) {
        hold.close();
        throw e;
      }
      if (mounted.name().equals(service)) {
        seen.add(service);
        call.holds(hold);
        return mounted.bytes();
      }
      hold.close();
      if (service.equals(hold.reference().getProperty(NAME))) {
        throw Status.UNIMPLEMENTED
            .withDescription(
                "the service that is registered with %s=%s serves %s"
                    .formatted(NAME, service, mounted.name()))
            .asRuntimeException();
      }
    }
  }

  /**
   * Remembers that a service can't be bound and so has no name, unless it says its name itself.
   *
   * @return whether it is left out from now on
   */
  private boolean leaveOut(ServiceReference<BindableService> reference, Throwable cause) {
    if (reference.getProperty(NAME) instanceof String) {
      return false;
    }
    learned.put(reference, NAMELESS);
    LOG.log(Level.WARNING, "service can't be bound and is left out service=" + reference, cause);
    return true;
  }

  /**
   * A service that is bound.
   *
   * @param bytes the same, with messages as bytes
   */
  private record Mounted(ServerServiceDefinition definition, ServerServiceDefinition bytes) {
    static Mounted of(BindableService service) {
      ServerServiceDefinition definition = service.bindService();
      return new Mounted(definition, ServerInterceptors.useInputStreamMessages(definition));
    }

    String name() {
      return definition.getServiceDescriptor().getName();
    }
  }

  /** Ends the calls that are inside now. */
  void endCalls() {
    open.forEach(HeldCall::replaced);
  }

  /** Lets no call in any more and ends those that are inside. */
  @Override
  public void close() {
    services.close();
  }
}
