package org.felucca.api.containerd;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.Scope;
import org.felucca.api.TypedBytes;
import org.felucca.api.containerd.wire.sandbox.StoreCreateRequest;
import org.felucca.api.containerd.wire.sandbox.StoreCreateResponse;
import org.felucca.api.containerd.wire.sandbox.StoreDeleteRequest;
import org.felucca.api.containerd.wire.sandbox.StoreDeleteResponse;
import org.felucca.api.containerd.wire.sandbox.StoreGetRequest;
import org.felucca.api.containerd.wire.sandbox.StoreGetResponse;
import org.felucca.api.containerd.wire.sandbox.StoreGrpc;
import org.felucca.api.containerd.wire.sandbox.StoreListRequest;
import org.felucca.api.containerd.wire.sandbox.StoreListResponse;
import org.felucca.api.containerd.wire.sandbox.StoreUpdateRequest;
import org.felucca.api.containerd.wire.sandbox.StoreUpdateResponse;
import org.felucca.api.containerd.wire.types.Sandbox;
import org.felucca.api.sandbox.SandboxStore;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** containerd's store of sandbox records. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.sandbox.v1.Store")
public final class SandboxStoreService implements BindableService {
  private final Swap<SandboxStore> sandboxes;

  /** With the way to the records. */
  @Activate
  public SandboxStoreService(BundleContext context) {
    this.sandboxes = Entrance.to(context, SandboxStore.class);
  }

  @Deactivate
  void close() {
    sandboxes.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(StoreGrpc.getServiceDescriptor())
        .addMethod(StoreGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(StoreGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(StoreGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .addMethod(StoreGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(StoreGrpc.getGetMethod(), Methods.unary(this::get))
        .build();
  }

  private StoreCreateResponse create(StoreCreateRequest request, CallContext call) {
    Scope scope = call.scope();
    var sandbox = sandbox(request.getSandbox());
    return StoreCreateResponse.newBuilder()
        .setSandbox(wire(sandboxes.use(store -> store.create(scope, sandbox))))
        .build();
  }

  private StoreUpdateResponse update(StoreUpdateRequest request, CallContext call) {
    Scope scope = call.scope();
    var sandbox = sandbox(request.getSandbox());
    return StoreUpdateResponse.newBuilder()
        .setSandbox(
            wire(
                sandboxes.use(
                    store ->
                        store.update(
                            scope, sandbox, new LinkedHashSet<>(request.getFieldsList())))))
        .build();
  }

  private StoreDeleteResponse delete(StoreDeleteRequest request, CallContext call) {
    Scope scope = call.scope();
    return sandboxes.use(
        store -> {
          store.delete(scope, request.getSandboxId());
          return StoreDeleteResponse.getDefaultInstance();
        });
  }

  private StoreListResponse list(StoreListRequest request, CallContext call) {
    Scope scope = call.scope();
    List<String> filters = request.getFiltersList();
    return StoreListResponse.newBuilder()
        .addAllList(
            sandboxes.use(store -> store.list(scope, filters)).stream()
                .map(SandboxStoreService::wire)
                .toList())
        .build();
  }

  private StoreGetResponse get(StoreGetRequest request, CallContext call) {
    Scope scope = call.scope();
    return StoreGetResponse.newBuilder()
        .setSandbox(wire(sandboxes.use(store -> store.get(scope, request.getSandboxId()))))
        .build();
  }

  private static org.felucca.api.sandbox.Sandbox sandbox(Sandbox wire) {
    if (wire.getSandboxId().isEmpty()) {
      throw EngineException.invalid("the sandbox has no id; give one");
    }
    Map<String, TypedBytes> extensions = new HashMap<>();
    wire.getExtensionsMap().forEach((key, value) -> extensions.put(key, Wire.typed(value)));
    return new org.felucca.api.sandbox.Sandbox(
        wire.getSandboxId(),
        wire.getLabelsMap(),
        wire.getRuntime().getName(),
        wire.getRuntime().hasOptions() ? Wire.typed(wire.getRuntime().getOptions()) : null,
        wire.hasSpec() ? Wire.typed(wire.getSpec()) : null,
        wire.getSandboxer(),
        Instant.EPOCH,
        Instant.EPOCH,
        extensions);
  }

  private static Sandbox wire(org.felucca.api.sandbox.Sandbox sandbox) {
    Sandbox.Builder wire =
        Sandbox.newBuilder()
            .setSandboxId(sandbox.id())
            .putAllLabels(sandbox.labels())
            .setSandboxer(sandbox.sandboxer())
            .setCreatedAt(Wire.time(sandbox.createdAt()))
            .setUpdatedAt(Wire.time(sandbox.updatedAt()));
    wire.getRuntimeBuilder().setName(sandbox.runtime());
    TypedBytes options = sandbox.runtimeOptions();
    if (options != null) {
      wire.getRuntimeBuilder().setOptions(Wire.any(options));
    }
    TypedBytes spec = sandbox.spec();
    if (spec != null) {
      wire.setSpec(Wire.any(spec));
    }
    sandbox.extensions().forEach((key, value) -> wire.putExtensions(key, Wire.any(value)));
    return wire.build();
  }
}
