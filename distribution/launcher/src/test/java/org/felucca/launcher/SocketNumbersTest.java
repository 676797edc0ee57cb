package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketNumbersTest {
  @TempDir Path state;

  private static ServerSocketChannel listen(Path path) throws Exception {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    channel.bind(UnixDomainSocketAddress.of(path));
    return channel;
  }

  @Test
  void boundTo_listeningSockets_areToldApart() throws Exception {
    Path one = state.resolve("one with blanks");
    Path two = state.resolve("two");
    try (ServerSocketChannel _ = listen(one);
        ServerSocketChannel _ = listen(two)) {
      int number = SocketNumbers.boundTo(one);
      assertTrue(SocketNumbers.isBoundTo(number, one));
      assertFalse(SocketNumbers.isBoundTo(number, two));
      assertTrue(SocketNumbers.isBoundTo(SocketNumbers.boundTo(two), two));
    }
  }

  @Test
  void inherited_environment_countsForThisProcessOnly() throws Exception {
    String self = String.valueOf(ProcessHandle.current().pid());
    assertEquals(List.of(), SocketNumbers.inherited(Map.of()));
    assertEquals(List.of(), SocketNumbers.inherited(Map.of("LISTEN_PID", "1", "LISTEN_FDS", "2")));
    assertEquals(
        List.of(3, 4), SocketNumbers.inherited(Map.of("LISTEN_PID", self, "LISTEN_FDS", "2")));
    assertThrows(
        StartException.class,
        () -> SocketNumbers.inherited(Map.of("LISTEN_PID", self, "LISTEN_FDS", "two")));
  }

  @Test
  void bind_socketOfTheServiceManager_isUsedAndStays() throws Exception {
    Options options = Options.parse(List.of("--state", state.toString()), Path.of("/"));
    Path address = state.resolve("felucca.sock");
    Path other = state.resolve("other.sock");
    try (ServerSocketChannel managers = listen(address);
        ServerSocketChannel _ = listen(other)) {
      List<Integer> inherited =
          List.of(SocketNumbers.boundTo(other), SocketNumbers.boundTo(address));
      try (Sockets _ = Sockets.bind(options, inherited);
          SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(address));
          SocketChannel accepted = managers.accept()) {
        assertTrue(client.isConnected());
        assertTrue(accepted.isConnected());
      }
      assertTrue(Files.exists(address), "it is not the engine's to remove");
    }
  }
}
