package org.felucca.api.containerd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import org.felucca.api.containerd.wire.mounts.ActivateRequest;
import org.felucca.api.containerd.wire.mounts.DeactivateRequest;
import org.felucca.api.containerd.wire.mounts.InfoRequest;
import org.felucca.api.containerd.wire.mounts.ListRequest;
import org.felucca.api.containerd.wire.mounts.MountsGrpc;
import org.felucca.api.containerd.wire.mounts.UpdateRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerCreateRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerGrpc;
import org.felucca.api.containerd.wire.sandbox.ControllerStartRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerStatusRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerStopRequest;
import org.felucca.api.containerd.wire.sandbox.ControllerWaitRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** What containerd's clients are answered where Felucca has nothing to manage. */
@Timeout(120)
class SandboxesAndMountsTest {
  private TestingServer server;

  @BeforeEach
  void start() throws Exception {
    server = new TestingServer(new SandboxControllerService(), new MountsService());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static void refused(Code code, Executable call) {
    assertEquals(code, assertThrows(StatusRuntimeException.class, call).getStatus().getCode());
  }

  @Test
  void controller_ofASandboxThatIsNotThere() {
    ControllerGrpc.ControllerBlockingStub controller =
        ControllerGrpc.newBlockingStub(server.in("moby"));
    refused(
        Code.INVALID_ARGUMENT,
        () -> controller.create(ControllerCreateRequest.newBuilder().setSandboxId("s").build()));
    refused(
        Code.NOT_FOUND,
        () ->
            controller.create(
                ControllerCreateRequest.newBuilder().setSandboxer("podsandbox").build()));
    refused(
        Code.UNIMPLEMENTED,
        () -> controller.create(ControllerCreateRequest.newBuilder().setSandboxer("shim").build()));
    refused(
        Code.NOT_FOUND,
        () ->
            controller.start(
                ControllerStartRequest.newBuilder()
                    .setSandboxer("shim")
                    .setSandboxId("s")
                    .build()));
    refused(
        Code.NOT_FOUND,
        () ->
            controller.wait(
                ControllerWaitRequest.newBuilder().setSandboxer("shim").setSandboxId("s").build()));
    assertEquals(
        "s",
        controller
            .status(
                ControllerStatusRequest.newBuilder().setSandboxer("shim").setSandboxId("s").build())
            .getSandboxId());
    assertEquals(
        0,
        controller
            .stop(ControllerStopRequest.newBuilder().setSandboxer("shim").setSandboxId("s").build())
            .getSerializedSize());
  }

  @Test
  void mounts_areTheCallersOwn() {
    MountsGrpc.MountsBlockingStub mounts = MountsGrpc.newBlockingStub(server.in("moby"));
    refused(
        Code.UNIMPLEMENTED,
        () ->
            mounts.activate(ActivateRequest.newBuilder().setName("m").setTemporary(true).build()));
    refused(
        Code.NOT_FOUND,
        () -> mounts.deactivate(DeactivateRequest.newBuilder().setName("m").build()));
    refused(Code.NOT_FOUND, () -> mounts.info(InfoRequest.newBuilder().setName("m").build()));
    refused(Code.UNIMPLEMENTED, () -> mounts.update(UpdateRequest.getDefaultInstance()));
    assertFalse(mounts.list(ListRequest.getDefaultInstance()).hasNext());
    refused(
        Code.FAILED_PRECONDITION,
        () ->
            MountsGrpc.newBlockingStub(server.plain())
                .list(ListRequest.getDefaultInstance())
                .hasNext());
  }
}
