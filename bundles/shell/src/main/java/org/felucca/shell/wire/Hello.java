package org.felucca.shell.wire;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a client says first.
 *
 * @param terminals bit n says whether its descriptor n is a terminal
 * @param size of its terminal
 * @param directory where it was started; empty if unknown
 * @param arguments the verb and its arguments
 * @param environment of the client
 */
public record Hello(
    int terminals,
    Size size,
    String directory,
    List<String> arguments,
    Map<String, String> environment) {
  /** Copies the collections. */
  public Hello {
    arguments = List.copyOf(arguments);
    environment = Map.copyOf(environment);
  }

  /** Whether a descriptor of the client is a terminal. */
  public boolean isTerminal(int descriptor) {
    return (terminals >>> descriptor & 1) != 0;
  }

  /** The payload. */
  public ByteBuffer write() {
    return new Payload()
        .u8(Frame.VERSION)
        .u8(terminals)
        .u16(size.rows())
        .u16(size.columns())
        .string(directory)
        .list(arguments)
        .list(environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList())
        .buffer();
  }

  /** Reads a payload. */
  public static Hello read(ByteBuffer payload) throws MalformedException {
    int version = Payload.u8(payload);
    if (version != Frame.VERSION) {
      throw new MalformedException(
          "the client speaks version %d of the protocol, this engine version %d"
              .formatted(version, Frame.VERSION));
    }
    int terminals = Payload.u8(payload);
    Size size = new Size(Payload.u16(payload), Payload.u16(payload));
    String directory = Payload.string(payload);
    List<String> arguments = Payload.list(payload, Payload::exactString);
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : Payload.list(payload, Payload::string)) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        environment.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    Payload.end(payload);
    return new Hello(terminals, size, directory, arguments, environment);
  }
}
