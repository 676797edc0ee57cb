package org.felucca.api.containerd;

import com.google.protobuf.Empty;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.Namespace;
import org.felucca.api.containerd.wire.mounts.ActivateRequest;
import org.felucca.api.containerd.wire.mounts.ActivateResponse;
import org.felucca.api.containerd.wire.mounts.DeactivateRequest;
import org.felucca.api.containerd.wire.mounts.InfoRequest;
import org.felucca.api.containerd.wire.mounts.InfoResponse;
import org.felucca.api.containerd.wire.mounts.ListMessage;
import org.felucca.api.containerd.wire.mounts.ListRequest;
import org.felucca.api.containerd.wire.mounts.MountsGrpc;
import org.felucca.api.containerd.wire.mounts.UpdateRequest;
import org.felucca.api.containerd.wire.mounts.UpdateResponse;
import org.osgi.service.component.annotations.Component;

/**
 * containerd's manager of mounts that a client can't make itself. All mounts of Felucca's
 * snapshotters are the kernel's own, so there is nothing to manage: UNIMPLEMENTED tells a client to
 * make them itself, as a containerd without such mounts does.
 */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.mounts.v1.Mounts")
public final class MountsService implements BindableService {
  private static final Logger LOG = Logger.getLogger(MountsService.class.getName());

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(MountsGrpc.getServiceDescriptor())
        .addMethod(MountsGrpc.getActivateMethod(), Methods.unary(this::activate))
        .addMethod(MountsGrpc.getDeactivateMethod(), Methods.unary(this::deactivate))
        .addMethod(MountsGrpc.getInfoMethod(), Methods.unary(this::info))
        .addMethod(MountsGrpc.getUpdateMethod(), Methods.unary(this::update))
        .addMethod(MountsGrpc.getListMethod(), Methods.streaming(this::list))
        .build();
  }

  private ActivateResponse activate(ActivateRequest request, CallContext call) {
    throw new EngineException(
        ErrorKind.UNIMPLEMENTED,
        "activate mounts %s in namespace %s: Felucca manages no mounts; mount them yourself"
            .formatted(Identifiers.quote(request.getName()), call.namespace()));
  }

  private static EngineException missing(String name, CallContext call) {
    return EngineException.notFound(
        "no mounts %s are active in namespace %s"
            .formatted(Identifiers.quote(name), call.namespace()));
  }

  private Empty deactivate(DeactivateRequest request, CallContext call) {
    throw missing(request.getName(), call);
  }

  private InfoResponse info(InfoRequest request, CallContext call) {
    throw missing(request.getName(), call);
  }

  private UpdateResponse update(UpdateRequest request, CallContext call) {
    throw new EngineException(
        ErrorKind.UNIMPLEMENTED,
        "update mounts %s in namespace %s: what is active can't be changed"
            .formatted(Identifiers.quote(request.getInfo().getName()), call.namespace()));
  }

  private void list(ListRequest request, CallContext call, Answers<ListMessage> answers) {
    Namespace namespace = call.namespace();
    LOG.log(Level.FINEST, "no mounts are active namespace={0}", namespace);
  }
}
