package org.felucca.api.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.util.Map;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.TypedBytes;
import org.felucca.api.containerd.wire.runc.Options;
import org.felucca.api.containerd.wire.types.Descriptor;
import org.felucca.api.containerd.wire.version.VersionGrpc;
import org.felucca.api.containerd.wire.version.VersionResponse;
import org.junit.jupiter.api.Test;

class WireTest {
  @Test
  void any_message_hasTheBareNameThatGoClientsExpect() {
    assertEquals(
        "containerd.runc.v1.Options",
        Wire.any(Options.newBuilder().setBinaryName("crun").build()).getTypeUrl());
  }

  @Test
  void typed_clientsOwnUrl_isKeptByteForByte() {
    Any any =
        Any.newBuilder()
            .setTypeUrl("types.containerd.io/opencontainers/runtime-spec/1/Spec")
            .setValue(Wire.bytes("{\"x\" : 1 }".getBytes(UTF_8)))
            .build();
    assertEquals(any, Wire.any(Wire.typed(any)));
    Any javas = Any.pack(Options.newBuilder().setRoot("/r").build());
    assertEquals(javas, Wire.any(Wire.typed(javas)));
    TypedBytes bare = Wire.bare(javas);
    assertEquals("containerd.runc.v1.Options", bare.typeUrl());
    assertEquals(TypedBytes.OCI_SPEC, Wire.bare(any).typeUrl());
  }

  @Test
  void time_nanosecondsAndFarTimes_goBothWays() {
    Instant instant = Instant.parse("2026-11-24T20:50:00.123456789Z");
    assertEquals(instant, Wire.time(Wire.time(instant)));
    // Go's zero time, which clients send for "not set".
    Timestamp zero = Timestamp.newBuilder().setSeconds(-62135596800L).build();
    assertEquals(zero, Wire.time(Wire.time(zero)));
    assertEquals(
        ErrorKind.INVALID_ARGUMENT,
        assertThrows(
                EngineException.class,
                () -> Wire.time(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE).build()))
            .kind());
  }

  @Test
  void descriptor_malformed_isInvalid() {
    Descriptor good =
        Descriptor.newBuilder()
            .setMediaType("application/x")
            .setDigest("sha256:" + "a".repeat(64))
            .setSize(3)
            .putAnnotations("k", "v")
            .build();
    assertEquals(good, Wire.descriptor(Wire.descriptor(good)));
    assertEquals(Map.of("k", "v"), Wire.descriptor(good).annotations());
    for (Descriptor bad :
        new Descriptor[] {
          Descriptor.getDefaultInstance(),
          good.toBuilder().setDigest("sha256:../../etc").build(),
          good.toBuilder().setSize(-1).build()
        }) {
      assertEquals(
          ErrorKind.INVALID_ARGUMENT,
          assertThrows(EngineException.class, () -> Wire.descriptor(bad)).kind());
    }
  }

  @Test
  void version_answer_turnsFeaturesOfTwoOnAndSaysFelucca() throws Exception {
    try (TestingServer server = new TestingServer(new VersionService("0.1.0"))) {
      VersionResponse answer =
          VersionGrpc.newBlockingStub(server.plain()).version(Empty.getDefaultInstance());
      assertEquals("v2.2.0", answer.getVersion());
      assertEquals("felucca-0.1.0", answer.getRevision());
    }
  }
}
