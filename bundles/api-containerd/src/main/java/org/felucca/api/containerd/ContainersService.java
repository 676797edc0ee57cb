package org.felucca.api.containerd;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.TypedBytes;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.ContainerRecord;
import org.felucca.api.container.ContainerStore;
import org.felucca.api.containerd.wire.containers.Container;
import org.felucca.api.containerd.wire.containers.ContainersGrpc;
import org.felucca.api.containerd.wire.containers.CreateContainerRequest;
import org.felucca.api.containerd.wire.containers.CreateContainerResponse;
import org.felucca.api.containerd.wire.containers.DeleteContainerRequest;
import org.felucca.api.containerd.wire.containers.GetContainerRequest;
import org.felucca.api.containerd.wire.containers.GetContainerResponse;
import org.felucca.api.containerd.wire.containers.ListContainerMessage;
import org.felucca.api.containerd.wire.containers.ListContainersRequest;
import org.felucca.api.containerd.wire.containers.ListContainersResponse;
import org.felucca.api.containerd.wire.containers.UpdateContainerRequest;
import org.felucca.api.containerd.wire.containers.UpdateContainerResponse;
import org.felucca.swap.Swap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Records of containers. Specs, options and extensions pass through byte for byte. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.containers.v1.Containers")
public final class ContainersService implements BindableService {
  private final Swap<ContainerStore> containers;

  /** Begins to watch for the store. */
  @Activate
  public ContainersService(BundleContext context) {
    containers = Entrance.to(context, ContainerStore.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    containers.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(ContainersGrpc.getServiceDescriptor())
        .addMethod(ContainersGrpc.getGetMethod(), Methods.unary(this::get))
        .addMethod(ContainersGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(ContainersGrpc.getListStreamMethod(), Methods.streaming(this::listStream))
        .addMethod(ContainersGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(ContainersGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(ContainersGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .build();
  }

  private GetContainerResponse get(GetContainerRequest request, CallContext call) {
    call.scope();
    ContainerId id = known(request.getId());
    ContainerRecord found = containers.use(store -> store.get(call.scope(), id));
    return GetContainerResponse.newBuilder().setContainer(message(found)).build();
  }

  private ListContainersResponse list(ListContainersRequest request, CallContext call) {
    ListContainersResponse.Builder all = ListContainersResponse.newBuilder();
    sorted(request, call).forEach(record -> all.addContainers(message(record)));
    return all.build();
  }

  private void listStream(
      ListContainersRequest request, CallContext call, Answers<ListContainerMessage> answers) {
    for (ContainerRecord record : sorted(request, call)) {
      answers.send(ListContainerMessage.newBuilder().setContainer(message(record)).build());
    }
  }

  /** By id, as containerd's database has them. */
  private List<ContainerRecord> sorted(ListContainersRequest request, CallContext call) {
    return containers.use(store -> store.list(call.scope(), request.getFiltersList())).stream()
        .sorted(Comparator.comparing(ContainerRecord::id))
        .toList();
  }

  private CreateContainerResponse create(CreateContainerRequest request, CallContext call) {
    call.scope();
    if (!request.getContainer().hasSpec()) {
      throw EngineException.invalid(
          "container %s must have a spec"
              .formatted(Identifiers.quote(request.getContainer().getId())));
    }
    ContainerRecord record = record(request.getContainer());
    ContainerRecord made = containers.use(store -> store.create(call.scope(), record));
    return CreateContainerResponse.newBuilder().setContainer(message(made)).build();
  }

  private UpdateContainerResponse update(UpdateContainerRequest request, CallContext call) {
    call.scope();
    Set<String> paths = Wire.paths(request.getUpdateMask());
    if (!request.getContainer().hasSpec() && (paths.isEmpty() || paths.contains("spec"))) {
      throw EngineException.invalid(
          "container %s must have a spec"
              .formatted(Identifiers.quote(request.getContainer().getId())));
    }
    ContainerRecord record = record(request.getContainer());
    ContainerRecord after = containers.use(store -> store.update(call.scope(), record, paths));
    return UpdateContainerResponse.newBuilder().setContainer(message(after)).build();
  }

  private Empty delete(DeleteContainerRequest request, CallContext call) {
    call.scope();
    ContainerId id = known(request.getId());
    return containers.use(
        store -> {
          store.delete(call.scope(), id);
          return Empty.getDefaultInstance();
        });
  }

  /** The id of a container that may be there; one that no container can have is not found. */
  static ContainerId known(String id) {
    try {
      return new ContainerId(id);
    } catch (EngineException e) {
      throw EngineException.notFound(
          "container %s does not exist".formatted(Identifiers.quote(id)));
    }
  }

  private static ContainerRecord record(Container message) {
    Map<String, TypedBytes> extensions = new HashMap<>();
    message.getExtensionsMap().forEach((name, any) -> extensions.put(name, Wire.typed(any)));
    Container.Runtime runtime = message.getRuntime();
    return new ContainerRecord(
        new ContainerId(message.getId()),
        message.getLabelsMap(),
        message.getImage(),
        runtime.getName(),
        runtime.hasOptions() ? Wire.typed(runtime.getOptions()) : null,
        message.hasSpec() ? Wire.typed(message.getSpec()) : null,
        message.getSnapshotter(),
        message.getSnapshotKey(),
        message.getSandbox(),
        Instant.EPOCH,
        Instant.EPOCH,
        extensions);
  }

  private static Container message(ContainerRecord record) {
    Container.Runtime.Builder runtime = Container.Runtime.newBuilder().setName(record.runtime());
    Any options = orNull(record.runtimeOptions());
    if (options != null) {
      runtime.setOptions(options);
    }
    Container.Builder message =
        Container.newBuilder()
            .setId(record.id().value())
            .putAllLabels(record.labels())
            .setImage(record.image())
            .setRuntime(runtime)
            .setSnapshotter(record.snapshotter())
            .setSnapshotKey(record.snapshotKey())
            .setSandbox(record.sandbox())
            .setCreatedAt(Wire.time(record.createdAt()))
            .setUpdatedAt(Wire.time(record.updatedAt()));
    Any spec = orNull(record.spec());
    if (spec != null) {
      message.setSpec(spec);
    }
    record.extensions().forEach((name, typed) -> message.putExtensions(name, Wire.any(typed)));
    return message.build();
  }

  private static @Nullable Any orNull(@Nullable TypedBytes typed) {
    return typed == null ? null : Wire.any(typed);
  }
}
