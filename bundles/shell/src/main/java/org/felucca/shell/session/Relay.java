package org.felucca.shell.session;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.felucca.api.EngineException;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.FrameWriter;
import org.felucca.shell.wire.Payload;

/**
 * The client's relay between its own streams and the fifos of a container. Its futures fail with
 * UNAVAILABLE when the client is gone.
 */
public final class Relay {
  private final FrameWriter writer;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> detached = new CompletableFuture<>();
  private final CompletableFuture<Void> inputEnded = new CompletableFuture<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  Relay(FrameWriter writer) {
    this.writer = writer;
  }

  /**
   * The outputs are open for reading. Fails with FAILED_PRECONDITION if the client could not open
   * the fifos.
   */
  public CompletableFuture<Void> ready() {
    return ready;
  }

  /** The user has let go of the container. */
  public CompletableFuture<Void> detached() {
    return detached;
  }

  /** All of the client's standard input is in the container's fifo. */
  public CompletableFuture<Void> inputEnded() {
    return inputEnded;
  }

  /** All output is written. */
  public CompletableFuture<Void> done() {
    return done;
  }

  /** Tells the client that the container has ended; {@link #done} follows. */
  public void end() throws IOException {
    writer.send(Frame.IO_END, new Payload().buffer());
  }

  void failed(String reason) {
    ready.completeExceptionally(
        EngineException.precondition("the client can't open the container's streams: " + reason));
  }

  void lost() {
    EngineException gone = EngineException.unavailable("the client is gone");
    ready.completeExceptionally(gone);
    detached.completeExceptionally(gone);
    inputEnded.completeExceptionally(gone);
    done.completeExceptionally(gone);
  }
}
