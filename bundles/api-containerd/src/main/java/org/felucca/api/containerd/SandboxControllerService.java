package org.felucca.api.containerd;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.api.containerd.wire.sandbox.ControllerCreateRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerCreateResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerGrpc;
import org.felucca.api.containerd.wire.sandbox.ControllerMetricsRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerMetricsResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerPlatformRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerPlatformResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerShutdownRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerShutdownResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerStartRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerStartResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerStatusRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerStatusResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerStopRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerStopResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerUpdateRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerUpdateResponse;
import org.felucca.api.containerd.wire.sandbox.ControllerWaitRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerWaitResponse;
import org.osgi.service.component.annotations.Component;

/**
 * containerd's controllers of sandboxes. None runs here yet, so no sandbox exists: what asks for
 * one is answered as containerd answers for a sandbox that is not there, and none is made.
 */
@Component(
    service = BindableService.class,
    property = "grpc.service=containerd.services.sandbox.v1.Controller")
public final class SandboxControllerService implements BindableService {
  /** The controller that containerd itself has. */
  private static final String SHIM = "shim";

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(ControllerGrpc.getServiceDescriptor())
        .addMethod(ControllerGrpc.getCreateMethod(), Methods.unary(this::create))
        .addMethod(ControllerGrpc.getStartMethod(), Methods.unary(this::start))
        .addMethod(ControllerGrpc.getPlatformMethod(), Methods.unary(this::platform))
        .addMethod(ControllerGrpc.getStopMethod(), Methods.unary(this::stop))
        .addMethod(ControllerGrpc.getWaitMethod(), Methods.unary(this::await))
        .addMethod(ControllerGrpc.getStatusMethod(), Methods.unary(this::status))
        .addMethod(ControllerGrpc.getShutdownMethod(), Methods.unary(this::shutdown))
        .addMethod(ControllerGrpc.getMetricsMethod(), Methods.unary(this::metrics))
        .addMethod(ControllerGrpc.getUpdateMethod(), Methods.unary(this::update))
        .build();
  }

  private static void require(String sandboxer, CallContext call) {
    if (sandboxer.isEmpty()) {
      throw EngineException.invalid("the sandbox controller is not named; name one");
    }
    if (!sandboxer.equals(SHIM)) {
      throw EngineException.notFound(
          "no sandbox controller %s in namespace %s"
              .formatted(Identifiers.quote(sandboxer), call.namespace()));
    }
  }

  private static EngineException missing(String sandbox, CallContext call) {
    return EngineException.notFound(
        "no sandbox %s runs in namespace %s"
            .formatted(Identifiers.quote(sandbox), call.namespace()));
  }

  private ControllerCreateResponse create(ControllerCreateRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw new EngineException(
        ErrorKind.UNIMPLEMENTED,
        "make sandbox %s: Felucca runs no sandboxes yet, only their records are kept"
            .formatted(Identifiers.quote(request.getSandboxId())));
  }

  private ControllerStartResponse start(ControllerStartRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }

  private ControllerPlatformResponse platform(ControllerPlatformRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }

  /** One that is not there is stopped. */
  private ControllerStopResponse stop(ControllerStopRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    return ControllerStopResponse.getDefaultInstance();
  }

  private ControllerWaitResponse await(ControllerWaitRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }

  /** containerd has a state for one that is not there: none. */
  private ControllerStatusResponse status(ControllerStatusRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    return ControllerStatusResponse.newBuilder().setSandboxId(request.getSandboxId()).build();
  }

  private ControllerShutdownResponse shutdown(ControllerShutdownRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }

  private ControllerMetricsResponse metrics(ControllerMetricsRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }

  private ControllerUpdateResponse update(ControllerUpdateRequest request, CallContext call) {
    require(request.getSandboxer(), call);
    throw missing(request.getSandboxId(), call);
  }
}
