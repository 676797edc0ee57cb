package org.felucca.shell.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.felix.service.command.Process;
import org.felucca.api.container.Attachment;
import org.felucca.shell.wire.Frame;
import org.felucca.shell.wire.FrameReader;
import org.felucca.shell.wire.FrameWriter;
import org.felucca.shell.wire.Hello;
import org.felucca.shell.wire.MalformedException;
import org.felucca.shell.wire.Payload;
import org.felucca.shell.wire.Size;
import org.jspecify.annotations.Nullable;

/**
 * A connected client. One thread reads its frames ({@link #read}), one writes them, and the worker
 * does what the client wants; it is interrupted when the client has gone, sends a signal that
 * nobody takes, or the shell is being replaced.
 */
public final class Client {
  private static final Logger LOG = Logger.getLogger(Client.class.getName());

  private static final int SIGHUP = 1;
  private static final int SIGPIPE = 13;
  private static final int MAX_HELD = 64;

  private final Hello hello;
  private final FrameReader reader;
  private final FrameWriter writer;
  private final Thread worker;
  private final long connectedAt;
  private final long greetedAt = System.nanoTime();
  private final StdinStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final List<ClientListener> listeners = new CopyOnWriteArrayList<>();
  private final List<Integer> held = new ArrayList<>();
  private boolean holding;
  private volatile Size size;

  /** Never null: a client that was resumed may speak of its relay before the verb asks for it. */
  private volatile Relay relay;

  private volatile boolean resumable;
  private volatile @Nullable Cancellation cancellation;

  /**
   * @param worker the thread that does what the client wants
   * @param connectedAt when it was accepted
   */
  public Client(
      Hello hello, FrameReader reader, FrameWriter writer, Thread worker, long connectedAt) {
    this.hello = hello;
    this.reader = reader;
    this.writer = writer;
    this.worker = worker;
    this.connectedAt = connectedAt;
    this.size = hello.size();
    this.relay = new Relay(writer);
    this.in =
        new StdinStream(
            bytes -> writer.send(Frame.STDIN_CREDIT, new Payload().u32(bytes).buffer()));
    this.out = stream(Frame.STDOUT);
    this.err = stream(Frame.STDERR);
  }

  /** What it said first. */
  public Hello hello() {
    return hello;
  }

  /** When it was accepted, by {@link System#nanoTime}. */
  public long connectedAt() {
    return connectedAt;
  }

  /** When it had said what it wants, by {@link System#nanoTime}. */
  public long greetedAt() {
    return greetedAt;
  }

  /** Its standard input; reading it takes the input from whoever runs after the client. */
  public InputStream in() {
    return in;
  }

  /** Its standard output. */
  public PrintStream out() {
    return out;
  }

  /** Its standard error. */
  public PrintStream err() {
    return err;
  }

  /** The size of its terminal now. */
  public Size size() {
    return size;
  }

  /** Adds a listener; the newest is asked first. It gets the signals that were held for it. */
  public void listen(ClientListener listener) {
    List<Integer> late;
    synchronized (held) {
      listeners.addFirst(listener);
      holding = false;
      late = List.copyOf(held);
      held.clear();
    }
    late.forEach(this::signal);
  }

  /**
   * Keeps signals for the first listener: a client that comes back sends those that came while it
   * was away at once.
   */
  public void holdSignals() {
    synchronized (held) {
      holding = true;
    }
  }

  /** Takes a listener away. */
  public void unlisten(ClientListener listener) {
    listeners.remove(listener);
  }

  /** Switches raw mode of the terminal on its standard input. */
  public void raw(boolean on) throws IOException {
    writer.send(Frame.RAW, new Payload().u8(on ? 1 : 0).buffer());
  }

  /** Says what the client shall ask for instead when the connection is lost from now on. */
  public void resume(List<String> arguments) throws IOException {
    writer.send(Frame.RESUME, new Payload().list(arguments).buffer());
    resumable = true;
  }

  /**
   * As {@link #resume}, for a command that then writes again, byte for byte, all that it writes
   * from here on: the client leaves out what it has already.
   */
  public void position(List<String> arguments) throws IOException {
    writer.send(Frame.POSITION, new Payload().list(arguments).buffer());
    resumable = true;
  }

  /** Whether {@link #resume} or {@link #position} was said. */
  public boolean isResumable() {
    return resumable;
  }

  /**
   * Lets the client relay a container's streams.
   *
   * @param wantsStdin whether its standard input goes to the container
   * @param detachKeys docker's notation; empty for the usual ones
   */
  public Relay relay(Attachment attachment, boolean wantsStdin, String detachKeys)
      throws IOException {
    Relay fresh = new Relay(writer);
    relay = fresh;
    if (cancellation != null) {
      fresh.lost();
    }
    boolean feed = wantsStdin && attachment.stdin() != null;
    writer.send(
        Frame.IO,
        new Payload()
            .u8((attachment.terminal() ? 1 : 0) | (feed ? 2 : 0))
            .string(feed ? orEmpty(attachment.stdin()) : "")
            .string(orEmpty(attachment.stdout()))
            .string(orEmpty(attachment.stderr()))
            .string(detachKeys)
            .buffer());
    return fresh;
  }

  /** The relay that went on while the connection was lost. */
  public Relay adoptRelay() {
    return relay;
  }

  /** Why the worker shall stop, or null. */
  public @Nullable Cancellation cancellation() {
    return cancellation;
  }

  /** Interrupts the worker; the first reason counts. */
  public void cancel(Cancellation why) {
    if (cancellation == null) {
      cancellation = why;
    }
    worker.interrupt();
  }

  /** As {@link #cancel}, but what runs now may finish: it is what replaces the shell. */
  public void cancelAfterwards(Cancellation why) {
    if (cancellation == null) {
      cancellation = why;
    }
  }

  /** Whether the calling thread does what this client wants, itself or within a gogo pipe. */
  public boolean isServedHere() {
    if (Thread.currentThread() == worker) {
      return true;
    }
    Process process = Process.Utils.current();
    return process != null && process.job().session().get(Call.CLIENT) == this;
  }

  /** Flushes all output, says the status and waits until it is written. */
  public void exit(int status) throws IOException {
    out.flush();
    err.flush();
    writer.send(Frame.EXIT, new Payload().u8(status).buffer());
    writer.finish();
  }

  /** Reads frames until the client goes; the caller closes the connection then. */
  public void read() {
    String why = "it has closed the connection";
    try {
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        handle(frame);
      }
    } catch (MalformedException e) {
      LOG.log(Level.WARNING, "client broke the protocol reason={0}", e.getMessage());
      why = "it broke the protocol: " + e.getMessage();
    } catch (IOException e) {
      why = e.toString();
    }
    // Before the worker hears of it: there is nobody to whom it could say anything.
    writer.abort(why);
    in.lose(why);
    cancel(Cancellation.CLIENT_GONE);
    relay.lost();
  }

  private void handle(Frame frame) throws MalformedException {
    switch (frame.type()) {
      case Frame.STDIN -> in.arrived(frame.payload());
      case Frame.STDIN_EOF -> {
        Payload.end(frame.payload());
        in.end();
      }
      case Frame.RESIZE -> {
        size = Size.read(frame.payload());
        listeners.forEach(ClientListener::resized);
      }
      case Frame.SIGNAL -> {
        int signal = Payload.u32(frame.payload());
        Payload.end(frame.payload());
        signal(signal);
      }
      case Frame.IO_READY -> relayOf(frame).ready().complete(null);
      case Frame.IO_FAILED -> {
        String reason = Payload.string(frame.payload());
        relayOf(frame).failed(reason);
      }
      case Frame.IO_DETACHED -> relayOf(frame).detached().complete(null);
      case Frame.IO_STDIN_END -> relayOf(frame).inputEnded().complete(null);
      case Frame.IO_DONE -> relayOf(frame).done().complete(null);
      default -> throw new MalformedException("a frame of the unknown type " + frame.type());
    }
  }

  private Relay relayOf(Frame frame) throws MalformedException {
    Payload.end(frame.payload());
    return relay;
  }

  private void signal(int signal) {
    if (signal != SIGPIPE && signal != SIGHUP) {
      synchronized (held) {
        if (holding) {
          if (held.size() < MAX_HELD) {
            held.add(signal);
          }
          return;
        }
      }
      for (ClientListener listener : listeners) {
        if (listener.signalled(signal)) {
          return;
        }
      }
    }
    cancel(new Cancellation(128 + signal, false));
  }

  private PrintStream stream(int type) {
    return new PrintStream(new FrameOutput(writer, type), true, StandardCharsets.UTF_8);
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
