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
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketsTest {
  @TempDir Path state;
  private Options options;
  private Path shell;

  @BeforeEach
  void parse() throws StartException {
    options = Options.parse(List.of("--state", state.toString()), Path.of("/"));
    shell = state.resolve("shell.sock");
  }

  private static void assertConnects(Path socket) throws Exception {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      assertTrue(client.isConnected());
    }
  }

  @Test
  void bind_all_areForOwnerAndGroupAndTakeConnections() throws Exception {
    try (Sockets _ = Sockets.bind(options)) {
      for (Path socket :
          List.of(shell, state.resolve("felucca.sock"), state.resolve("felucca.sock.ttrpc"))) {
        assertEquals(
            "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        assertConnects(socket);
      }
      try (Stream<Path> files = Files.list(state)) {
        assertEquals(3, files.count(), "nothing else is left in the folder");
      }
    }
    assertFalse(Files.exists(shell));
  }

  @Test
  void bind_staleSocket_isReplaced() throws Exception {
    try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stale.bind(UnixDomainSocketAddress.of(shell));
    }
    assertTrue(Files.exists(shell));
    try (Sockets _ = Sockets.bind(options)) {
      assertConnects(shell);
    }
  }

  @Test
  void bind_anotherFileInItsPlace_isRefusedAndLeftAlone() throws Exception {
    Files.writeString(shell, "precious");
    StartException e = assertThrows(StartException.class, () -> Sockets.bind(options));
    assertTrue(e.getMessage().contains("no socket is in its place"), e.getMessage());
    assertEquals("precious", Files.readString(shell));
  }

  @Test
  void bind_secondFails_takesTheFirstAwayAgain() throws Exception {
    Files.createDirectory(state.resolve("felucca.sock.ttrpc"));
    assertThrows(StartException.class, () -> Sockets.bind(options));
    assertFalse(Files.exists(shell));
  }
}
