package org.felucca.api.containerd;

import static org.felucca.api.containerd.TestingStores.assertCode;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Empty;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.felucca.api.containerd.wire.introspection.IntrospectionGrpc;
import org.felucca.api.containerd.wire.introspection.Plugin;
import org.felucca.api.containerd.wire.introspection.PluginInfoRequest;
import org.felucca.api.containerd.wire.introspection.PluginsRequest;
import org.felucca.api.containerd.wire.introspection.ServerResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who answers, and what it says it is made of. */
@Timeout(120)
class IntrospectionServiceTest {
  @TempDir Path root;

  private static List<Plugin> plugins(TestingStores stores, String... filters) {
    return IntrospectionGrpc.newBlockingStub(stores.plain())
        .plugins(PluginsRequest.newBuilder().addAllFilters(List.of(filters)).build())
        .getPluginsList();
  }

  @Test
  void server_uuid_isKeptOverRestarts() throws Exception {
    ServerResponse first;
    try (TestingStores stores = new TestingStores(root)) {
      first = IntrospectionGrpc.newBlockingStub(stores.plain()).server(Empty.getDefaultInstance());
      assertEquals(ProcessHandle.current().pid(), first.getPid());
      assertEquals(
          "pid:[" + first.getPidns() + "]",
          Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString());
    }
    assertEquals(first.getUuid(), EngineIdentity.of(root));
    Files.writeString(root.resolve("uuid"), "torn");
    String next = EngineIdentity.of(root);
    assertNotEquals(first.getUuid(), next);
    assertEquals(next, EngineIdentity.of(root));
  }

  @Test
  void plugins_whatIsThere_isListedAndFiltered() throws Exception {
    try (TestingStores stores = new TestingStores(root)) {
      List<Plugin> all = plugins(stores);
      assertTrue(all.stream().noneMatch(Plugin::hasInitErr));
      assertEquals(
          1, all.stream().filter(p -> p.getType().equals("io.containerd.content.v1")).count());
      assertEquals("content", plugins(stores, "type==io.containerd.content.v1").getFirst().getId());
      assertEquals(List.of(), plugins(stores, "type==io.containerd.runtime.v2"));
    }
  }

  @Test
  void pluginInfo_unknown_isNotFound() throws Exception {
    try (TestingStores stores = new TestingStores(root)) {
      IntrospectionGrpc.IntrospectionBlockingStub stub =
          IntrospectionGrpc.newBlockingStub(stores.plain());
      assertCode(
          Code.NOT_FOUND,
          () -> stub.pluginInfo(PluginInfoRequest.newBuilder().setType("x").setId("y").build()));
      assertEquals(
          "exchange",
          stub.pluginInfo(
                  PluginInfoRequest.newBuilder()
                      .setType("io.containerd.event.v1")
                      .setId("exchange")
                      .build())
              .getPlugin()
              .getId());
    }
  }

  @Test
  void grpcId_ofService_isContainerds() {
    assertEquals("images", PluginList.grpcId("containerd.services.images.v1.Images"));
    assertEquals("sandboxes", PluginList.grpcId("containerd.services.sandbox.v1.Store"));
    assertEquals("grpc.health.v1.Health", PluginList.grpcId("grpc.health.v1.Health"));
  }
}
