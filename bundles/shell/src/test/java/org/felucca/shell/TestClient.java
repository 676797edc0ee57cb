package org.felucca.shell;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.FrameReader;
import org.felucca.shell.wire.FrameWriter;
import org.felucca.shell.wire.Hello;
import org.felucca.shell.wire.Payload;
import org.felucca.shell.wire.Size;

/**
 * The native client, as far as the protocol goes; the fifos of a container are only named to it.
 */
final class TestClient implements AutoCloseable {
  final SocketChannel channel;
  final FrameWriter writer;
  private final FrameReader reader;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** Every frame but those for the output, as text. */
  final List<String> frames = new ArrayList<>();

  List<String> resume = List.of();
  int status = -1;

  TestClient(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    reader = new FrameReader(channel);
    writer = new FrameWriter(channel);
    Thread.ofPlatform().daemon().start(writer);
  }

  static TestClient call(Path socket, String... arguments) throws IOException {
    return new TestClient(socket).hello(0, Map.of(), arguments);
  }

  TestClient hello(int terminals, Map<String, String> environment, String... arguments)
      throws IOException {
    send(
        Frame.HELLO,
        new Hello(terminals, new Size(24, 80), "/work here", List.of(arguments), environment)
            .write());
    return this;
  }

  void send(int type, ByteBuffer payload) throws IOException {
    writer.send(type, payload);
  }

  void send(int type) throws IOException {
    send(type, new Payload().buffer());
  }

  void signal(int number) throws IOException {
    send(Frame.SIGNAL, new Payload().u32(number).buffer());
  }

  /** Sends standard input, once the engine has given leave to. */
  void type(String text) throws IOException {
    while (frames.stream().noneMatch(frame -> frame.startsWith("CREDIT"))) {
      if (!until(Frame.STDIN_CREDIT)) {
        throw new AssertionError("ended before input was asked for, after " + err());
      }
    }
    send(Frame.STDIN, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Reads until a frame of a type came; false if the engine closed the connection before. */
  boolean until(int type) throws IOException {
    while (true) {
      Frame frame;
      try {
        frame = reader.next();
      } catch (IOException reset) {
        return false;
      }
      if (frame == null) {
        return false;
      }
      ByteBuffer payload = frame.payload();
      switch (frame.type()) {
        case Frame.STDOUT -> out.writeBytes(bytes(payload));
        case Frame.STDERR -> err.writeBytes(bytes(payload));
        case Frame.STDIN_CREDIT -> frames.add("CREDIT " + payload.getInt());
        case Frame.RAW -> frames.add("RAW " + payload.get());
        case Frame.IO ->
            frames.add(
                "IO %d %s %s %s %s"
                    .formatted(
                        payload.get(),
                        Payload.string(payload),
                        Payload.string(payload),
                        Payload.string(payload),
                        Payload.string(payload)));
        case Frame.IO_END -> frames.add("IO_END");
        case Frame.RESUME, Frame.POSITION -> resume = Payload.list(payload, Payload::string);
        case Frame.EXIT -> status = payload.get() & 0xff;
        default -> throw new AssertionError("frame " + frame.type());
      }
      if (frame.type() == type) {
        return true;
      }
    }
  }

  /** Reads output until it holds a text. */
  void untilOutput(String text) throws IOException {
    while (!out().contains(text)) {
      if (!until(Frame.STDOUT)) {
        throw new AssertionError("ended before %s came, after %s %s".formatted(text, out(), err()));
      }
    }
  }

  /** Reads to the end; the exit status, -1 if the engine gave none. */
  int exit() throws IOException {
    boolean ended = until(Frame.EXIT);
    return ended ? status : -1;
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(ByteBuffer payload) {
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    return bytes;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
