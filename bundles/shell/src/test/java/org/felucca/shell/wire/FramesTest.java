package org.felucca.shell.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class FramesTest {
  @Test
  void hello_written_readsBackTheSame() throws Exception {
    Hello hello =
        new Hello(
            5,
            new Size(24, 80),
            "/home/ü",
            List.of("run", "", "a b", "日本"),
            Map.of("A", "b=c", "E", ""));

    assertEquals(hello, Hello.read(hello.write()));
    assertTrue(hello.isTerminal(0));
    assertFalse(hello.isTerminal(1));
    assertTrue(hello.isTerminal(2));
  }

  @Test
  void hello_anyCut_isMalformedAndNothingElse() {
    ByteBuffer whole =
        new Hello(0, new Size(1, 2), "/", List.of("ps", "-a"), Map.of("A", "b")).write();

    for (int length = 0; length < whole.limit(); length++) {
      ByteBuffer cut = whole.duplicate().limit(length);
      assertThrows(MalformedException.class, () -> Hello.read(cut));
    }
    ByteBuffer longer = ByteBuffer.allocate(whole.limit() + 1).put(whole.duplicate()).rewind();
    assertThrows(MalformedException.class, () -> Hello.read(longer));
  }

  @Test
  void hello_argumentThatIsNotUtf8_isRefusedInsteadOfChanged() {
    ByteBuffer payload = new Hello(0, new Size(0, 0), "/", List.of("run", "xy"), Map.of()).write();
    int at = new String(payload.array(), StandardCharsets.ISO_8859_1).indexOf("xy");
    payload.put(at, (byte) 0xff);

    MalformedException e = assertThrows(MalformedException.class, () -> Hello.read(payload));

    assertTrue(String.valueOf(e.getMessage()).contains("UTF-8"), e.getMessage());
  }

  @Test
  void hello_anotherVersion_isRefusedByNumber() {
    ByteBuffer payload = new Hello(0, new Size(0, 0), "/", List.of(), Map.of()).write();
    payload.put(0, (byte) 9);

    MalformedException e = assertThrows(MalformedException.class, () -> Hello.read(payload));

    assertTrue(String.valueOf(e.getMessage()).contains("version 9"), e.getMessage());
  }

  @Test
  void reader_framesInSinglePieces_areReadWhole() throws Exception {
    byte[] bytes = frames(new byte[0], "abc".getBytes(StandardCharsets.UTF_8), new byte[100_000]);
    FrameReader reader =
        new FrameReader(
            new ReadableByteChannel() {
              private int at;

              @Override
              public int read(ByteBuffer target) {
                if (at == bytes.length) {
                  return -1;
                }
                target.put(bytes[at++]);
                return 1;
              }

              @Override
              public boolean isOpen() {
                return true;
              }

              @Override
              public void close() {}
            });

    assertEquals(0, reader.next().payload().remaining());
    assertEquals("abc", StandardCharsets.UTF_8.decode(reader.next().payload()).toString());
    assertEquals(100_000, reader.next().payload().remaining());
    assertNull(reader.next());
  }

  @ParameterizedTest
  @ValueSource(ints = {Frame.LIMIT + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
  void reader_frameOverTheLimit_isMalformedBeforeAnythingIsReserved(int length) {
    ByteBuffer header = ByteBuffer.allocate(5).putInt(length).put((byte) 2);

    assertThrows(MalformedException.class, () -> reader(header.array()).next());
  }

  @Test
  void reader_endWithinAFrame_isTold() throws Exception {
    byte[] bytes = frames(new byte[10]);

    for (int length = 1; length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      assertThrows(EOFException.class, () -> reader(cut).next());
    }
  }

  @Test
  void writer_manySenders_keepsFramesWholeAndOrdered() throws Exception {
    PipedInputStream in = new PipedInputStream(1 << 16);
    FrameWriter writer = new FrameWriter(Channels.newChannel(new PipedOutputStream(in)));
    Thread.ofPlatform().daemon().start(writer);
    for (int type = 65; type < 69; type++) {
      int mine = type;
      Thread.ofVirtual()
          .start(
              () -> {
                for (int i = 0; i < 500; i++) {
                  try {
                    writer.send(mine, new Payload().u32(i).buffer());
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                }
              });
    }
    FrameReader reader = new FrameReader(Channels.newChannel(in));
    int[] next = new int[4];
    for (int i = 0; i < 2000; i++) {
      Frame frame = reader.next();
      assertEquals(next[frame.type() - 65]++, frame.payload().getInt());
    }
    writer.finish();
    assertThrows(IOException.class, () -> writer.send(65, new Payload().buffer()));
  }

  @Test
  void writer_slowReader_holdsTheSenderUntilInterrupted() throws Exception {
    PipedInputStream in = new PipedInputStream(1024);
    FrameWriter writer = new FrameWriter(Channels.newChannel(new PipedOutputStream(in)));
    Thread.ofPlatform().daemon().start(writer);
    CompletableFuture<Exception> failure = new CompletableFuture<>();
    Thread sender =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    while (true) {
                      writer.send(65, ByteBuffer.allocate(64 << 10));
                    }
                  } catch (IOException e) {
                    failure.complete(e);
                  }
                });
    while (sender.getState() != Thread.State.WAITING) {
      Thread.sleep(5);
    }
    assertFalse(failure.isDone());

    sender.interrupt();

    assertEquals(InterruptedIOException.class, failure.get(5, TimeUnit.SECONDS).getClass());
    assertEquals(65, new FrameReader(Channels.newChannel(in)).next().type());
    writer.abort("test");
    assertThrows(IOException.class, () -> writer.send(65, new Payload().buffer()));
  }

  private static FrameReader reader(byte[] bytes) {
    return new FrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)));
  }

  private static byte[] frames(byte[]... payloads) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FrameWriter writer = new FrameWriter(Channels.newChannel(out));
    Thread.ofPlatform().daemon().start(writer);
    for (byte[] payload : payloads) {
      writer.send(65, ByteBuffer.wrap(payload));
    }
    writer.finish();
    return out.toByteArray();
  }
}
