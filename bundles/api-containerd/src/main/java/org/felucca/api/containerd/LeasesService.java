package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.containerd.wire.leases.AddResourceRequest;
import org.felucca.api.containerd.wire.leases.CreateRequest;
import org.felucca.api.containerd.wire.leases.CreateResponse;
import org.felucca.api.containerd.wire.leases.DeleteRequest;
import org.felucca.api.containerd.wire.leases.DeleteResourceRequest;
import org.felucca.api.containerd.wire.leases.Lease;
import org.felucca.api.containerd.wire.leases.LeasesGrpc;
import org.felucca.api.containerd.wire.leases.ListRequest;
import org.felucca.api.containerd.wire.leases.ListResourcesRequest;
import org.felucca.api.containerd.wire.leases.ListResourcesResponse;
import org.felucca.api.containerd.wire.leases.ListResponse;
import org.felucca.api.containerd.wire.leases.Resource;
import org.felucca.api.content.Digest;
import org.felucca.api.gc.Collector;
import org.felucca.api.lease.LeaseStore;
import org.felucca.api.lease.LeasedResource;
import org.felucca.swap.Swap;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Leases. A synchronous delete answers when what only the lease kept is gone. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.leases.v1.Leases")
public final class LeasesService implements BindableService {
  private final Swap<LeaseStore> leases;
  private final Swap<Collector> collector;

  /** Begins to watch for the store. */
  @Activate
  public LeasesService(BundleContext context) {
    leases = Entrance.to(context, LeaseStore.class);
    collector = Entrance.to(context, Collector.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    leases.close();
    collector.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(LeasesGrpc.getServiceDescriptor())
        .addMethod(LeasesGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(LeasesGrpc.getDeleteMethod(), Methods.unary(this::delete))
        .addMethod(LeasesGrpc.getListMethod(), Methods.unary(this::list))
        .addMethod(LeasesGrpc.getAddResourceMethod(), Methods.unary(this::addResource))
        .addMethod(LeasesGrpc.getDeleteResourceMethod(), Methods.unary(this::deleteResource))
        .addMethod(LeasesGrpc.getListResourcesMethod(), Methods.unary(this::listResources))
        .build();
  }

  private CreateResponse create(CreateRequest request, CallContext call) {
    // As containerd does; dockerd's builder names none.
    String id = request.getId().isEmpty() ? UUID.randomUUID().toString() : request.getId();
    return CreateResponse.newBuilder()
        .setLease(
            message(leases.use(store -> store.create(call.scope(), id, request.getLabelsMap()))))
        .build();
  }

  private Empty delete(DeleteRequest request, CallContext call) {
    Empty done = change(store -> store.delete(call.scope(), request.getId()));
    if (request.getSync()) {
      collector.use(Collector::collect);
    }
    return done;
  }

  private ListResponse list(ListRequest request, CallContext call) {
    ListResponse.Builder all = ListResponse.newBuilder();
    leases
        .use(store -> store.list(call.scope(), request.getFiltersList()))
        .forEach(lease -> all.addLeases(message(lease)));
    return all.build();
  }

  private Empty addResource(AddResourceRequest request, CallContext call) {
    return change(
        store -> store.addResource(call.scope(), request.getId(), resource(request.getResource())));
  }

  private Empty deleteResource(DeleteResourceRequest request, CallContext call) {
    return change(
        store ->
            store.deleteResource(call.scope(), request.getId(), resource(request.getResource())));
  }

  private ListResourcesResponse listResources(ListResourcesRequest request, CallContext call) {
    List<LeasedResource> resources =
        leases.use(store -> store.resources(call.scope(), request.getId()));
    ListResourcesResponse.Builder all = ListResourcesResponse.newBuilder();
    for (LeasedResource resource : resources) {
      all.addResources(Resource.newBuilder().setId(resource.id()).setType(resource.type()).build());
    }
    return all.build();
  }

  private Empty change(Consumer<LeaseStore> change) {
    return leases.use(
        store -> {
          change.accept(store);
          return Empty.getDefaultInstance();
        });
  }

  /** A type that containerd does not know is not implemented; one of a wrong form is wrong. */
  private static LeasedResource resource(Resource message) {
    switch (message.getType().split("/", 2)[0]) {
      case "content" -> Digest.parse(message.getId());
      case "ingests", "images", "snapshots" -> {}
      default ->
          throw new EngineException(
              ErrorKind.UNIMPLEMENTED,
              "resources of type %s can't be leased; the types are content, ingests, images and snapshots/<snapshotter>"
                  .formatted(Identifiers.quote(message.getType())));
    }
    return new LeasedResource(message.getType(), message.getId());
  }

  private static Lease message(org.felucca.api.lease.Lease lease) {
    return Lease.newBuilder()
        .setId(lease.id())
        .setCreatedAt(Wire.time(lease.createdAt()))
        .putAllLabels(lease.labels())
        .build();
  }
}
