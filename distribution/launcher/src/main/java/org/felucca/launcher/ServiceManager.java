package org.felucca.launcher;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells the service manager how the engine is, as sd_notify(3) does it: one datagram to the socket
 * that the environment names. The JDK has no unix datagrams; three calls of libc by
 * java.lang.foreign cost nothing unless somebody listens, while JNA would have to be loaded a
 * second time here, outside the bundles.
 */
final class ServiceManager {
  private static final Logger LOG = Logger.getLogger(ServiceManager.class.getName());

  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;
  private static final int MSG_NOSIGNAL = 0x4000;

  private final @Nullable String address;

  /**
   * @param address the value of NOTIFY_SOCKET, null where no service manager waits
   */
  ServiceManager(@Nullable String address) {
    this.address = address == null || address.isEmpty() ? null : address;
  }

  /**
   * Sends a state, such as {@code READY=1}. A failure is logged: the engine serves all the same.
   *
   * @param state assignments, one a line
   */
  void tell(String state) {
    if (address == null) {
      return;
    }
    try {
      send(address, state);
    } catch (Throwable e) {
      LOG.log(Level.WARNING, "could not tell the service manager state=" + state, e);
    }
  }

  @SuppressWarnings("restricted")
  private static void send(String address, String state) throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle socket =
        call(
            linker,
            "socket",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT));
    MethodHandle sendto =
        call(
            linker,
            "sendto",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    MethodHandle close =
        call(linker, "close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    byte[] path = address.getBytes(StandardCharsets.UTF_8);
    if (path.length > Folders.LONGEST_SOCKET) {
      throw new IllegalArgumentException(
          "NOTIFY_SOCKET is longer than a socket's path may be: " + address);
    }
    if (path[0] == '@') {
      path[0] = 0; // the abstract name space
    }
    byte[] message = state.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(2 + Folders.LONGEST_SOCKET + 1);
      to.set(
          ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder()), 0, (short) AF_UNIX);
      MemorySegment.copy(path, 0, to, ValueLayout.JAVA_BYTE, 2, path.length);
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
      int fd = (int) socket.invokeExact(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      if (fd < 0) {
        throw new java.io.IOException("socket failed");
      }
      try {
        long sent =
            (long)
                sendto.invokeExact(
                    fd, bytes, (long) message.length, MSG_NOSIGNAL, to, 2 + path.length);
        if (sent < 0) {
          throw new java.io.IOException("nobody takes datagrams at " + address);
        }
      } finally {
        int ignored = (int) close.invokeExact(fd);
      }
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle call(Linker linker, String name, FunctionDescriptor descriptor) {
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }
}
