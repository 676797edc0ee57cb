package org.felucca.shim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.shim.wire.bootstrap.BootstrapResult;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final String ADDRESS = "unix:///run/containerd/s/abc";

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void parse_text() {
    Bootstrap bootstrap = Bootstrap.parse(bytes(ADDRESS + "\n"));
    assertEquals(new Bootstrap(ADDRESS, 2), bootstrap);
    assertEquals(Path.of("/run/containerd/s/abc"), bootstrap.socket());
  }

  @Test
  void parse_json() {
    assertEquals(
        new Bootstrap(ADDRESS, 3),
        Bootstrap.parse(
            bytes("{\"version\":3,\"address\":\"" + ADDRESS + "\",\"protocol\":\"ttrpc\"}\n")));
    assertEquals(
        new Bootstrap(ADDRESS, 2),
        Bootstrap.parse(bytes("{\"version\":2,\"address\":\"" + ADDRESS + "\",\"new\":[1]}")));
  }

  @Test
  void parse_protobuf() {
    byte[] result =
        BootstrapResult.newBuilder()
            .setVersion(3)
            .setAddress(ADDRESS)
            .setProtocol("ttrpc")
            .putMetadata("k", "v")
            .build()
            .toByteArray();
    assertEquals(new Bootstrap(ADDRESS, 3), Bootstrap.parse(result));
  }

  @Test
  void parse_otherProtocolOrVersion() {
    assertKind(
        ErrorKind.UNIMPLEMENTED,
        "{\"version\":3,\"address\":\"" + ADDRESS + "\",\"protocol\":\"grpc\"}");
    assertKind(ErrorKind.UNIMPLEMENTED, "{\"version\":4,\"address\":\"" + ADDRESS + "\"}");
  }

  @Test
  void parse_abstractSocketRefused() {
    assertKind(ErrorKind.PERMISSION_DENIED, "unix://@/containerd-shim/x.sock");
    assertKind(ErrorKind.PERMISSION_DENIED, "unix://\0/containerd-shim/x.sock");
  }

  @Test
  void parse_rubbish() {
    for (String rubbish :
        new String[] {
          "",
          "\n",
          "hello",
          "unix://",
          "unix://relative",
          "unix:///a\nunix:///b",
          "{",
          "{}",
          "[]",
          "{\"version\":\"x\",\"address\":\"unix:///a\"}",
          "tcp://1.2.3.4:5",
          "panic: runtime error"
        }) {
      assertKind(ErrorKind.INTERNAL, rubbish);
    }
  }

  @Test
  void parse_noiseEndsInAnEngineExceptionOrASocket() {
    Random random = new Random(5);
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] noise = new byte[random.nextInt(60)];
      random.nextBytes(noise);
      if (noise.length > 20 && random.nextBoolean()) {
        byte[] good =
            BootstrapResult.newBuilder().setVersion(3).setAddress(ADDRESS).build().toByteArray();
        System.arraycopy(good, 0, noise, 0, Math.min(good.length, noise.length));
      }
      try {
        assertTrue(Bootstrap.parse(noise).socket().isAbsolute());
      } catch (EngineException e) {
        refused++;
        assertTrue(String.valueOf(e.getMessage()).length() < 2500, e.toString());
      }
    }
    assertTrue(refused > 10_000, refused + " refused");
  }

  private static void assertKind(ErrorKind kind, String output) {
    EngineException e =
        assertThrows(EngineException.class, () -> Bootstrap.parse(bytes(output)), output);
    assertEquals(kind, e.kind(), e.toString());
  }
}
