package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.containerd.wire.snapshots.CleanupRequest;
import org.felucca.api.containerd.wire.snapshots.CommitSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.Info;
import org.felucca.api.containerd.wire.snapshots.Kind;
import org.felucca.api.containerd.wire.snapshots.ListSnapshotsRequest;
import org.felucca.api.containerd.wire.snapshots.ListSnapshotsResponse;
import org.felucca.api.containerd.wire.snapshots.MountsRequest;
import org.felucca.api.containerd.wire.snapshots.MountsResponse;
import org.felucca.api.containerd.wire.snapshots.PrepareSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.PrepareSnapshotResponse;
import org.felucca.api.containerd.wire.snapshots.RemoveSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.SnapshotsGrpc;
import org.felucca.api.containerd.wire.snapshots.StatSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.StatSnapshotResponse;
import org.felucca.api.containerd.wire.snapshots.UpdateSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.UpdateSnapshotResponse;
import org.felucca.api.containerd.wire.snapshots.UsageRequest;
import org.felucca.api.containerd.wire.snapshots.UsageResponse;
import org.felucca.api.containerd.wire.snapshots.ViewSnapshotRequest;
import org.felucca.api.containerd.wire.snapshots.ViewSnapshotResponse;
import org.felucca.api.containerd.wire.types.Mount;
import org.felucca.api.snapshot.SnapshotInfo;
import org.felucca.api.snapshot.SnapshotService;
import org.felucca.api.snapshot.SnapshotUsage;
import org.felucca.swap.Swap;
import org.felucca.swap.Use;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Snapshots of every snapshotter. Mounts go out literally, as mount(2) takes them. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.snapshots.v1.Snapshots")
public final class SnapshotsService implements BindableService {
  /** How many records one message of a list carries. */
  private static final int PAGE = 100;

  private final Swap<SnapshotService> snapshots;

  /** Begins to watch for the store. */
  @Activate
  public SnapshotsService(BundleContext context) {
    snapshots = Entrance.to(context, SnapshotService.class);
  }

  /** Ends every use. */
  @Deactivate
  public void close() {
    snapshots.close();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(SnapshotsGrpc.getServiceDescriptor())
        .addMethod(SnapshotsGrpc.getPrepareMethod(), Methods.unary(this::prepare))
        .addMethod(SnapshotsGrpc.getViewMethod(), Methods.unary(this::view))
        .addMethod(SnapshotsGrpc.getMountsMethod(), Methods.unary(this::mounts))
        .addMethod(SnapshotsGrpc.getCommitMethod(), Methods.unary(this::commit))
        .addMethod(SnapshotsGrpc.getRemoveMethod(), Methods.unary(this::remove))
        .addMethod(SnapshotsGrpc.getStatMethod(), Methods.unary(this::stat))
        .addMethod(SnapshotsGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(SnapshotsGrpc.getListMethod(), Methods.streaming(this::list))
        .addMethod(SnapshotsGrpc.getUsageMethod(), Methods.unary(this::usage))
        .addMethod(SnapshotsGrpc.getCleanupMethod(), Methods.unary(this::cleanup))
        .build();
  }

  private <R> R use(String snapshotter, Use<SnapshotService, R, RuntimeException> use) {
    if (snapshotter.isEmpty()) {
      throw EngineException.invalid("snapshotter argument missing; name one, such as overlayfs");
    }
    return snapshots.use(use);
  }

  private PrepareSnapshotResponse prepare(PrepareSnapshotRequest request, CallContext call) {
    List<org.felucca.api.snapshot.Mount> mounts =
        use(
            request.getSnapshotter(),
            service ->
                service.prepare(
                    call.scope(),
                    request.getSnapshotter(),
                    request.getKey(),
                    Wire.orNull(request.getParent()),
                    request.getLabelsMap()));
    return PrepareSnapshotResponse.newBuilder().addAllMounts(messages(mounts)).build();
  }

  private ViewSnapshotResponse view(ViewSnapshotRequest request, CallContext call) {
    List<org.felucca.api.snapshot.Mount> mounts =
        use(
            request.getSnapshotter(),
            service ->
                service.view(
                    call.scope(),
                    request.getSnapshotter(),
                    request.getKey(),
                    Wire.orNull(request.getParent()),
                    request.getLabelsMap()));
    return ViewSnapshotResponse.newBuilder().addAllMounts(messages(mounts)).build();
  }

  private MountsResponse mounts(MountsRequest request, CallContext call) {
    List<org.felucca.api.snapshot.Mount> mounts =
        use(
            request.getSnapshotter(),
            service -> service.mounts(call.scope(), request.getSnapshotter(), request.getKey()));
    return MountsResponse.newBuilder().addAllMounts(messages(mounts)).build();
  }

  private Empty commit(CommitSnapshotRequest request, CallContext call) {
    return use(
        request.getSnapshotter(),
        service -> {
          String snapshotter = request.getSnapshotter();
          if (!request.getParent().isEmpty()) {
            requireOwnParent(service.stat(call.scope(), snapshotter, request.getKey()), request);
          }
          service.commit(
              call.scope(),
              snapshotter,
              request.getName(),
              request.getKey(),
              request.getLabelsMap());
          return Empty.getDefaultInstance();
        });
  }

  /** No snapshotter of ours says the capability {@code rebase}. */
  private static void requireOwnParent(SnapshotInfo info, CommitSnapshotRequest request) {
    if (!request.getParent().equals(info.parent())) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "snapshotter %s can't put snapshot %s over another parent when it is committed"
              .formatted(info.snapshotter(), request.getKey()));
    }
  }

  private Empty remove(RemoveSnapshotRequest request, CallContext call) {
    return use(
        request.getSnapshotter(),
        service -> {
          service.remove(call.scope(), request.getSnapshotter(), request.getKey());
          return Empty.getDefaultInstance();
        });
  }

  private StatSnapshotResponse stat(StatSnapshotRequest request, CallContext call) {
    SnapshotInfo info =
        use(
            request.getSnapshotter(),
            service -> service.stat(call.scope(), request.getSnapshotter(), request.getKey()));
    return StatSnapshotResponse.newBuilder().setInfo(message(info)).build();
  }

  private UpdateSnapshotResponse update(UpdateSnapshotRequest request, CallContext call) {
    if (request.getInfo().getName().isEmpty()) {
      throw EngineException.invalid("a snapshot must have a name");
    }
    SnapshotInfo info =
        use(
            request.getSnapshotter(),
            service ->
                service.update(
                    call.scope(),
                    request.getSnapshotter(),
                    request.getInfo().getName(),
                    request.getInfo().getLabelsMap(),
                    Wire.paths(request.getUpdateMask())));
    return UpdateSnapshotResponse.newBuilder().setInfo(message(info)).build();
  }

  private void list(
      ListSnapshotsRequest request, CallContext call, Answers<ListSnapshotsResponse> answers) {
    List<SnapshotInfo> all =
        use(
            request.getSnapshotter(),
            service ->
                service.list(call.scope(), request.getSnapshotter(), request.getFiltersList()));
    for (int from = 0; from < all.size(); from += PAGE) {
      ListSnapshotsResponse.Builder page = ListSnapshotsResponse.newBuilder();
      all.subList(from, Math.min(all.size(), from + PAGE))
          .forEach(info -> page.addInfo(message(info)));
      answers.send(page.build());
    }
  }

  private UsageResponse usage(UsageRequest request, CallContext call) {
    SnapshotUsage usage =
        use(
            request.getSnapshotter(),
            service -> service.usage(call.scope(), request.getSnapshotter(), request.getKey()));
    return UsageResponse.newBuilder().setSize(usage.bytes()).setInodes(usage.inodes()).build();
  }

  private Empty cleanup(CleanupRequest request, CallContext call) {
    return use(
        request.getSnapshotter(),
        service -> {
          service.cleanup(request.getSnapshotter());
          return Empty.getDefaultInstance();
        });
  }

  private static List<Mount> messages(List<org.felucca.api.snapshot.Mount> mounts) {
    return mounts.stream().map(Wire::mount).toList();
  }

  private static Info message(SnapshotInfo info) {
    String parent = info.parent();
    return Info.newBuilder()
        .setName(info.key())
        .setParent(parent == null ? "" : parent)
        .setKind(
            switch (info.kind()) {
              case VIEW -> Kind.VIEW;
              case ACTIVE -> Kind.ACTIVE;
              case COMMITTED -> Kind.COMMITTED;
            })
        .setCreatedAt(Wire.time(info.createdAt()))
        .setUpdatedAt(Wire.time(info.updatedAt()))
        .putAllLabels(info.labels())
        .build();
  }
}
