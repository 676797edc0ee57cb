package org.felucca.launcher;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceManagerTest {
  @TempDir Path temp;

  /** A service manager's end of the socket. */
  @SuppressWarnings("restricted")
  private static final class Receiver implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private final int fd;

    Receiver(String address) throws Throwable {
      fd = (int) call("socket", FunctionDescriptor.of(INT, INT, INT, INT)).invoke(1, 2, 0);
      byte[] path = address.getBytes(StandardCharsets.UTF_8);
      if (path[0] == '@') {
        path[0] = 0;
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment name = arena.allocate(110);
        name.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
        MemorySegment.copy(path, 0, name, ValueLayout.JAVA_BYTE, 2, path.length);
        var bind = FunctionDescriptor.of(INT, INT, ValueLayout.ADDRESS, INT);
        assertEquals(0, (int) call("bind", bind).invoke(fd, name, 2 + path.length));
      }
    }

    private static java.lang.invoke.MethodHandle call(String name, FunctionDescriptor of) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), of);
    }

    /** What came; empty when nothing did. */
    String received() throws Throwable {
      var recv =
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG, INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, INT);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(4096);
        long size = (long) call("recv", recv).invoke(fd, buffer, 4096L, 0x40 /* MSG_DONTWAIT */);
        byte[] bytes = new byte[(int) Math.max(size, 0)];
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }

    @Override
    public void close() {
      try {
        int ignored = (int) call("close", FunctionDescriptor.of(INT, INT)).invoke(fd);
        assertEquals(0, ignored);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"path", "abstract"})
  void tell_eitherKindOfAddress_sendsOneDatagram(String kind) throws Throwable {
    String address =
        kind.equals("path")
            ? temp.resolve("notify").toString()
            : "@felucca-test-" + System.nanoTime();
    try (Receiver receiver = new Receiver(address)) {
      new ServiceManager(address).tell("READY=1\nSTATUS=h\u00f6rt");
      assertEquals("READY=1\nSTATUS=h\u00f6rt", receiver.received());
      assertEquals("", receiver.received());
    }
  }

  @Test
  void tell_nobodyListens_goesOn() {
    assertDoesNotThrow(() -> new ServiceManager(temp.resolve("none").toString()).tell("READY=1"));
    assertDoesNotThrow(() -> new ServiceManager("/" + "x".repeat(200)).tell("READY=1"));
  }
}
