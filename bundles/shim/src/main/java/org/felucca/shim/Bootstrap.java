package org.felucca.shim;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.felucca.api.Identifiers;
import org.felucca.oci.Json;
import org.felucca.oci.JsonObject;
import org.felucca.shim.wire.bootstrap.BootstrapResult;

/**
 * What the start command of a shim printed: where it listens and what it speaks. Three forms are in
 * use: protobuf (2.3 and later), JSON (2.0 to 2.2), and a bare address (1.x).
 *
 * @param address the address as printed, {@code unix://} and a path
 * @param protocol the version of the task service: 2 or 3
 * @param runs whether it is felucca-shim, which creates and starts a container in one call
 */
record Bootstrap(String address, int protocol, boolean runs) {
  private static final String OWN = "felucca.shim";

  private static final String UNIX = "unix://";
  private static final int LONGEST_QUOTE = 300;

  Bootstrap(String address, int protocol) {
    this(address, protocol, false);
  }

  /**
   * Reads any of the three.
   *
   * @throws EngineException INTERNAL for anything else; PERMISSION_DENIED for an abstract socket,
   *     which every process of the network namespace could reach; UNIMPLEMENTED for another
   *     protocol
   */
  static Bootstrap parse(byte[] output) {
    Bootstrap result = protobuf(output);
    String text = new String(output, StandardCharsets.UTF_8).strip();
    if (result == null && text.startsWith("{")) {
      result = json(text);
    }
    if (result == null && text.startsWith(UNIX) && text.lines().count() == 1) {
      result = new Bootstrap(text, 2);
    }
    if (result == null) {
      throw EngineException.internal(
          "it printed %s where the address of a socket is expected".formatted(quote(text)), null);
    }
    result.socket();
    if (result.protocol != 2 && result.protocol != 3) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "it speaks version %d of the task service; Felucca speaks 2 and 3"
              .formatted(result.protocol));
    }
    return result;
  }

  private static @org.jspecify.annotations.Nullable Bootstrap protobuf(byte[] output) {
    try {
      BootstrapResult result = BootstrapResult.parseFrom(output);
      // Text may happen to parse; then it ends up in fields that nobody knows.
      if (!result.getAddress().isEmpty() && result.getUnknownFields().asMap().isEmpty()) {
        requireTtrpc(result.getProtocol());
        return new Bootstrap(
            result.getAddress(), result.getVersion(), result.containsMetadata(OWN));
      }
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
    return null;
  }

  private static Bootstrap json(String text) {
    try {
      JsonObject object = Json.object(text.getBytes(StandardCharsets.UTF_8), "what it printed");
      requireTtrpc(object.string("protocol", "ttrpc"));
      return new Bootstrap(object.requiredString("address"), (int) object.number("version", 2));
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.UNIMPLEMENTED) {
        throw e;
      }
      throw EngineException.internal(e.getMessage() + ": " + quote(text), e);
    }
  }

  private static void requireTtrpc(String protocol) {
    if (!protocol.isEmpty() && !protocol.equals("ttrpc")) {
      throw new EngineException(
          ErrorKind.UNIMPLEMENTED,
          "it speaks %s; Felucca speaks ttrpc with shims".formatted(quote(protocol)));
    }
  }

  /** The path of its socket. */
  Path socket() {
    String path = address.startsWith(UNIX) ? address.substring(UNIX.length()) : address;
    if (path.startsWith("@") || path.startsWith("\0")) {
      throw new EngineException(
          ErrorKind.PERMISSION_DENIED,
          "it listens on the abstract socket %s, which others could reach; use a newer shim"
              .formatted(quote(path)));
    }
    try {
      Path socket = Path.of(path);
      if (socket.isAbsolute()) {
        return socket;
      }
    } catch (InvalidPathException e) {
      throw EngineException.internal("it printed a socket that is no path: " + quote(path), e);
    }
    throw EngineException.internal(
        "it printed %s where the absolute path of a socket is expected".formatted(quote(path)),
        null);
  }

  /** A stranger's words, cut to a bearable length. */
  static String quote(String text) {
    return Identifiers.quote(
        text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...");
  }
}
