package org.felucca.shell.wire;

import java.nio.ByteBuffer;

/**
 * A frame.
 *
 * @param type what it is, one of the constants here
 * @param payload its content, from position to limit
 */
public record Frame(int type, ByteBuffer payload) {
  /** The longest payload that either side may send. */
  public static final int LIMIT = 1 << 20;

  /** The version of the protocol that this is. */
  public static final int VERSION = 1;

  /** Client to engine: who it is and what it wants. */
  public static final int HELLO = 1;

  /** Client to engine: bytes of standard input. */
  public static final int STDIN = 2;

  /** Client to engine: standard input has ended. */
  public static final int STDIN_EOF = 3;

  /** Client to engine: the size of the terminal. */
  public static final int RESIZE = 4;

  /** Client to engine: a signal came. */
  public static final int SIGNAL = 5;

  /** Client to engine: the streams of the container are open. */
  public static final int IO_READY = 6;

  /** Client to engine: the streams could not be opened. */
  public static final int IO_FAILED = 7;

  /** Client to engine: the user has let go of the container. */
  public static final int IO_DETACHED = 8;

  /** Client to engine: all output of the container is written. */
  public static final int IO_DONE = 9;

  /** Client to engine: all of the standard input is in the container's fifo. */
  public static final int IO_STDIN_END = 10;

  /** Engine to client: for standard output. */
  public static final int STDOUT = 65;

  /** Engine to client: for standard error. */
  public static final int STDERR = 66;

  /** Engine to client: how many more bytes of standard input may be sent. */
  public static final int STDIN_CREDIT = 67;

  /** Engine to client: raw mode on or off. */
  public static final int RAW = 68;

  /** Engine to client: relay the streams of a container. */
  public static final int IO = 69;

  /** Engine to client: the container has ended. */
  public static final int IO_END = 70;

  /** Engine to client: what to say instead after a lost connection. */
  public static final int RESUME = 71;

  /** Engine to client: the command has ended. */
  public static final int EXIT = 72;

  /** Engine to client: as {@link #RESUME}; what is written from here on will come again then. */
  public static final int POSITION = 73;
}
