package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import org.felucca.api.containerd.wire.version.VersionGrpc;
import org.felucca.api.containerd.wire.version.VersionResponse;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Says which containerd this can stand for, and in the revision, which engine it is. */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.version.v1.Version")
public final class VersionService implements BindableService {
  /** Clients turn features on by it: those of 2.x use Transfer and the sandbox services. */
  static final String CONTAINERD = "v2.2.0";

  private final String revision;

  /** Knows its version by the bundle's. */
  @Activate
  public VersionService(BundleContext context) {
    this(context.getBundle().getVersion().toString());
  }

  VersionService(String version) {
    this.revision = "felucca-" + version;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(VersionGrpc.getServiceDescriptor())
        .addMethod(VersionGrpc.getVersionMethod(), Methods.unary(this::version))
        .build();
  }

  private VersionResponse version(Empty request, CallContext call) {
    return VersionResponse.newBuilder().setVersion(CONTAINERD).setRevision(revision).build();
  }
}
