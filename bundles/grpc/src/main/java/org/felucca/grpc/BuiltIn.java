package org.felucca.grpc;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The services of the server itself: health and reflection. Each is made when somebody asks for it
 * first; few do, and it would cost every start.
 */
final class BuiltIn {
  static final String HEALTH = "grpc.health.v1.Health";
  private static final String REFLECTION = "grpc.reflection.v1.ServerReflection";
  private static final String REFLECTION_ALPHA = "grpc.reflection.v1alpha.ServerReflection";

  /** Without these two an engine can't be worked with. */
  private static final Set<String> NEEDED =
      Set.of("containerd.services.events.v1.Events", "containerd.services.tasks.v1.Tasks");

  private final Map<String, ServerServiceDefinition> made = new ConcurrentHashMap<>();
  private final Supplier<Set<String>> names;
  private final BooleanSupplier ready;
  private volatile boolean reflection = true;
  private @Nullable HealthStatusManager health;
  private final Set<String> told = new HashSet<>();

  /**
   * @param names what is served now
   * @param ready whether the engine is
   */
  BuiltIn(Supplier<Set<String>> names, BooleanSupplier ready) {
    this.names = names;
    this.ready = ready;
  }

  /** Turns reflection on or off. */
  void reflect(boolean on) {
    reflection = on;
  }

  @Nullable ServerMethodDefinition<?, ?> method(String service, String method) {
    ServerServiceDefinition definition =
        switch (service) {
          case HEALTH -> made.computeIfAbsent(service, _ -> health());
          case REFLECTION ->
              made.computeIfAbsent(
                  service, _ -> ProtoReflectionServiceV1.newInstance().bindService());
          case REFLECTION_ALPHA -> made.computeIfAbsent(service, _ -> alpha());
          default -> null;
        };
    return definition == null || (!reflection && !service.equals(HEALTH))
        ? null
        : definition.getMethod(method);
  }

  @SuppressWarnings("deprecation") // clients of some years speak no other
  private static ServerServiceDefinition alpha() {
    return ProtoReflectionService.newInstance().bindService();
  }

  private ServerServiceDefinition health() {
    HealthStatusManager manager = new HealthStatusManager();
    ServerServiceDefinition definition = manager.getHealthService().bindService();
    synchronized (this) {
      health = manager;
    }
    changed();
    return definition;
  }

  /** Services or the engine's readiness have changed: tells those who watch the health. */
  synchronized void changed() {
    HealthStatusManager manager = health;
    if (manager == null) {
      return;
    }
    Set<String> now = names.get();
    manager.setStatus(
        HealthStatusManager.SERVICE_NAME_ALL_SERVICES,
        status(ready.getAsBoolean() && now.containsAll(NEEDED)));
    told.addAll(now);
    told.forEach(name -> manager.setStatus(name, status(now.contains(name))));
  }

  private static ServingStatus status(boolean serving) {
    return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}
